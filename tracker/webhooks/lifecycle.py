"""An endpoint's states: asked to be verified, enabled, disabled; and what becomes of the messages it is owed."""

import logging
from datetime import datetime

from django.db import transaction

from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage

logger = logging.getLogger(__name__)
State = WebhookEndpoint.State


def ask_for_verification(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Let the relay ask the endpoint whether it wants to be told. Its `verify_at` is null again once it did."""
    rows = WebhookEndpoint.objects.for_environment(endpoint.environment_id)
    rows.filter(pk=endpoint.pk, deleted_at=None).update(verify_at=now)
    endpoint.verify_at = now


def note_verified(endpoint_id: int, environment_id: int, url: str, *, now: datetime) -> bool:
    """The endpoint proved that it wants what goes to that URL. False where the URL is another one by now."""
    rows = WebhookEndpoint.objects.for_environment(environment_id)
    waiting = rows.filter(pk=endpoint_id, url=url, deleted_at=None)
    waiting.exclude(state=State.UNVERIFIED).update(verified_at=now, verify_at=None)
    return bool(
        waiting.filter(state=State.UNVERIFIED).update(
            state=State.ENABLED, state_reason="", verified_at=now, verify_at=None, failing_since=None
        )
    )


def note_unverified(endpoint_id: int, environment_id: int, url: str, reason: str) -> None:
    """It did not answer as it must; the reason stands on its page. One that was verified before stays what it is."""
    rows = WebhookEndpoint.objects.for_environment(environment_id)
    rows.filter(pk=endpoint_id, url=url, deleted_at=None, state=State.UNVERIFIED).update(
        state_reason=reason[:500]
    )
    rows.filter(pk=endpoint_id, url=url, deleted_at=None).update(verify_at=None)


def enable(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Send to it again. What was withheld stays so until somebody replays it. Raises WebhookProblem."""
    with transaction.atomic():
        row = held(endpoint)
        if row.state != State.DISABLED:
            raise WebhookProblem("endpoint_not_disabled", "The endpoint is not disabled.")
        row.failing_since = row.told_failing_at = row.disabled_at = row.told_disabled_at = None
        row.state_reason = ""
        if row.verified_at is None:
            row.state, row.verify_at = State.UNVERIFIED, now
        else:
            row.state = State.ENABLED
        row.save()
    _copy(row, endpoint)


def disable(endpoint: WebhookEndpoint, reason: str, *, now: datetime, by_hand: bool) -> bool:
    """Send nothing more; what it is owed is withheld. Its owner is told by mail unless it was done by hand.

    The endpoint's row is locked before its messages, as everywhere. True where it was not disabled before.
    """
    with transaction.atomic():
        row = held(endpoint)
        if row.state == State.DISABLED:
            return False
        row.state, row.state_reason, row.disabled_at, row.verify_at = State.DISABLED, reason[:500], now, None
        row.told_disabled_at = now if by_hand else None
        row.save()
        withhold(row, now=now)
    _copy(row, endpoint)
    logger.warning(
        "a webhook endpoint was disabled",
        extra={"endpoint": row.public_id, "environment_id": row.environment_id, "reason": reason},
    )
    return True


def withhold(endpoint: WebhookEndpoint, *, now: datetime) -> int:
    """Keep back what the endpoint is owed; returns how many messages."""
    waiting = WebhookMessage.objects.for_environment(endpoint.environment_id).filter(
        endpoint_id=endpoint.pk, state=WebhookMessage.State.PENDING
    )
    return waiting.update(state=WebhookMessage.State.WITHHELD, ended_at=now, leased_until=None)


def held(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint's row as it is now, locked. Raises WebhookProblem where it was deleted meanwhile."""
    rows = WebhookEndpoint.objects.for_environment(endpoint.environment_id).select_for_update()
    row = rows.filter(pk=endpoint.pk, deleted_at=None).first()
    if row is None:
        raise WebhookProblem("endpoint_deleted", "The endpoint was deleted meanwhile.")
    return row


def _copy(row: WebhookEndpoint, endpoint: WebhookEndpoint) -> None:
    """Let the caller's object say what the row says."""
    for field in WebhookEndpoint._meta.concrete_fields:
        setattr(endpoint, field.attname, getattr(row, field.attname))
