"""Writes on endpoints: make, change, verify, rotate, enable, disable, delete. Replays are in `replays`."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.tenants.models import Environment, User
from tracker.webhooks import lifecycle
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.guard import BadUrl, check_url
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage, WebhookSecret
from tracker.webhooks.replays import replay_message, replay_missing, replay_range
from tracker.webhooks.signing import new_secret, secret_text
from tracker.webhooks.subscriptions import unknown_among

MOST_ENDPOINTS = 50  # of one environment: each costs a row for every event
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
MOST_SECRETS = 5  # in force at once; a header of more signatures some receivers cut off
logger = logging.getLogger(__name__)

__all__ = [
    "create_endpoint", "delete_endpoint", "disable_endpoint", "enable_endpoint", "replay_message", "replay_missing",
    "replay_range", "rotate_secret", "secrets_in_force", "send_test", "update_endpoint", "verify_endpoint",
]  # fmt: skip


def create_endpoint(
    environment: Environment,
    *,
    url: str,
    description: str = "",
    kinds: Sequence[str] = (),
    content_type: str = WebhookEndpoint.ContentType.JSON,
    by: User | None,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """An endpoint that is asked at once whether it wants to be told, and its first secret's text.

    Raises WebhookProblem: `bad_url` (url), `unknown_kind` (kinds), `bad_content_type` (content_type),
    `too_long` (description), `too_many_endpoints`.
    """
    _check(url=url, description=description, kinds=kinds, content_type=content_type)
    secret = new_secret()
    with transaction.atomic():
        # the environment's row is locked, so that of two who make one at once the second counts the first's
        Environment.objects.for_tenant(environment.tenant_id).select_for_update().get(pk=environment.pk)
        endpoints = WebhookEndpoint.objects.for_environment(environment)
        if endpoints.filter(deleted_at=None).count() >= MOST_ENDPOINTS:
            raise WebhookProblem(
                "too_many_endpoints", f"An environment has at most {MOST_ENDPOINTS} endpoints."
            )
        endpoint = WebhookEndpoint.objects.create(
            environment=environment,
            url=url,
            description=description,
            kinds=sorted(set(kinds)),
            content_type=content_type,
            created_by=by,
            created_at=now,
            verify_at=now,
        )
        WebhookSecret.objects.create(environment=environment, endpoint=endpoint, secret=secret)
    _log("a webhook endpoint was made", endpoint)
    return endpoint, secret_text(secret)


def update_endpoint(
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    description: str | None = None,
    kinds: Sequence[str] | None = None,
    content_type: str | None = None,
    now: datetime,
) -> WebhookEndpoint:
    """Change what is given; None stays. Another URL must be verified before anything goes to it; what is owed
    meanwhile is withheld. Raises WebhookProblem as `create_endpoint` does, and `endpoint_deleted`."""
    _check(url=url, description=description, kinds=kinds, content_type=content_type)
    with transaction.atomic():
        row = lifecycle.held(endpoint)
        if description is not None:
            row.description = description
        if kinds is not None:
            row.kinds = sorted(set(kinds))
        if content_type is not None:
            row.content_type = content_type
        if url is not None and url != row.url:
            row.url, row.verify_at, row.failing_since, row.told_failing_at = url, now, None, None
            if row.state == WebhookEndpoint.State.ENABLED:
                row.state, row.state_reason = WebhookEndpoint.State.UNVERIFIED, "Its URL was changed."
                lifecycle.withhold(row, now=now)
            elif row.state == WebhookEndpoint.State.DISABLED:
                row.verify_at, row.verified_at = None, None  # enabling it asks the new URL
        row.save()
    _log("a webhook endpoint was changed", row)
    return row


def delete_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> bool:
    """Forget it, its secrets, and what it was owed. True where it was still there."""
    rows = WebhookEndpoint.objects.for_environment(endpoint.environment_id).filter(pk=endpoint.pk)
    with transaction.atomic():
        if not rows.filter(deleted_at=None).update(deleted_at=now, verify_at=None, state_reason=""):
            return False
        lifecycle.withhold(endpoint, now=now)
        WebhookSecret.objects.for_environment(endpoint.environment_id).filter(endpoint=endpoint).delete()
    _log("a webhook endpoint was deleted", endpoint)
    return True


def rotate_secret(endpoint: WebhookEndpoint, *, overlap: timedelta = OVERLAP, now: datetime) -> str:
    """A new secret's text. Those before it stay in force for `overlap` (0 to 30 days): requests carry both signatures.

    Raises WebhookProblem: `bad_overlap` (overlap), `too_many_secrets`, `endpoint_deleted`.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise WebhookProblem("bad_overlap", "An overlap is between 0 seconds and 30 days.", param="overlap")
    secret = new_secret()
    with transaction.atomic():
        row = lifecycle.held(endpoint)
        rows = WebhookSecret.objects.for_environment(row.environment_id).filter(endpoint=row)
        rows.filter(expires_at__lte=now).delete()
        if overlap and rows.count() >= MOST_SECRETS:
            raise WebhookProblem(
                "too_many_secrets",
                f"{MOST_SECRETS} secrets are in force already; wait for one to end, or rotate with no overlap.",
                param="overlap",
            )
        ends = now + overlap
        if not overlap:
            rows.delete()
        rows.filter(expires_at=None).update(expires_at=ends)
        rows.filter(expires_at__gt=ends).update(expires_at=ends)
        WebhookSecret.objects.create(
            environment_id=row.environment_id, endpoint=row, secret=secret, made_at=now
        )
    _log("a webhook secret was rotated", endpoint)
    return secret_text(secret)


def secrets_in_force(endpoint: WebhookEndpoint, *, now: datetime) -> list[bytes]:
    """The secrets by which requests are signed, newest first."""
    rows = WebhookSecret.objects.for_environment(endpoint.environment_id).filter(endpoint_id=endpoint.pk)
    found = rows.order_by("-pk").values_list("secret", "expires_at")
    return [bytes(secret) for secret, ends in found if ends is None or ends > now]


def verify_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Ask the relay to send the challenge; it does so within a second or so and takes ten at most.

    Until then `verify_at` is set. Afterwards the state is ENABLED, or `state_reason` says what was wrong.
    """
    lifecycle.ask_for_verification(endpoint, now=now)


def enable_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Send to a disabled endpoint again; one whose URL was never verified is asked first. What was withheld can be
    replayed. Raises WebhookProblem: `endpoint_not_disabled`, `endpoint_deleted`."""
    lifecycle.enable(endpoint, now=now)


def disable_endpoint(endpoint: WebhookEndpoint, *, reason: str, now: datetime) -> bool:
    """Send nothing more, because a person says so. True where it was not disabled. Raises `endpoint_deleted`."""
    return lifecycle.disable(endpoint, reason, now=now, by_hand=True)


def send_test(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookMessage:
    """Owe the endpoint one `webhook.test`, whatever kinds it asks for. Raises `endpoint_not_enabled`."""
    with transaction.atomic():
        row = lifecycle.held(endpoint)
        if row.state != WebhookEndpoint.State.ENABLED:
            raise WebhookProblem(
                "endpoint_not_enabled", "Only a verified, enabled endpoint can be sent a test."
            )
        data = {
            "message": "This is a test. Nothing happened.",
            "endpoint": {"id": row.public_id, "description": row.description},
        }
        event = record(row.environment_id, Kind.WEBHOOK_TEST, data, occurred_at=now)
        event.relayed_at = now  # it goes to this endpoint alone: the relay has nothing to hand on
        event.save(update_fields=["relayed_at"])
        return WebhookMessage.objects.create(
            environment_id=row.environment_id, endpoint=row, event=event, due_at=now
        )


def _check(
    *, url: str | None, description: str | None, kinds: Sequence[str] | None, content_type: str | None
) -> None:
    if url is not None:
        try:
            check_url(url, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE)
        except BadUrl as error:
            raise WebhookProblem("bad_url", f"The URL {error}.", param="url") from None
    if unknown := unknown_among(kinds or ()):
        raise WebhookProblem("unknown_kind", f"There is no kind {unknown[0][:60]!r}.", param="kinds")
    if content_type is not None and content_type not in WebhookEndpoint.ContentType.values:
        allowed = " or ".join(WebhookEndpoint.ContentType.values)
        raise WebhookProblem("bad_content_type", f"The content type is {allowed}.", param="content_type")
    if description is not None and len(description) > 200:
        raise WebhookProblem("too_long", "A description has at most 200 characters.", param="description")


def _log(what: str, endpoint: WebhookEndpoint) -> None:
    logger.info(what, extra={"endpoint": endpoint.public_id, "environment_id": endpoint.environment_id})
