"""Mails to the owners of endpoints: one when an endpoint has failed for a while, one when it is disabled."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse

from tracker.tenants import scope
from tracker.tenants.models import Membership, Role
from tracker.webhooks.health import DISABLE_AFTER
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage

WHY = "owners of endpoints of every customer are told"
NOTICE_AFTER = timedelta(minutes=30)  # of failures: three attempts, and no restart of a server takes as long
MOST_AT_ONCE = 50
logger = logging.getLogger(__name__)


def tell_owners(*, now: datetime) -> int:
    """Send the mails that are due; how many endpoints were told of. One that cannot be sent is tried again.

    Each in a transaction that holds the endpoint's row: two ticks at once send one mail, and a crash after sending
    and before the commit sends it twice rather than never.
    """
    return sum(_tell(number, now=now) for number in _due(now))


def _due(now: datetime) -> list[int]:
    with scope.scope(unscoped=WHY):
        rows = WebhookEndpoint.objects.unscoped(WHY).filter(_failing(now) | _disabled())
        return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _failing(now: datetime) -> Q:
    untold = Q(told_failing_at=None) | Q(told_failing_at__lt=F("failing_since"))
    enabled = Q(state=WebhookEndpoint.State.ENABLED, deleted_at=None)
    return enabled & untold & Q(failing_since__lte=now - NOTICE_AFTER)


def _disabled() -> Q:
    return Q(state=WebhookEndpoint.State.DISABLED, deleted_at=None, told_disabled_at=None)


def _tell(number: int, *, now: datetime) -> bool:
    with scope.scope(unscoped=WHY):
        rows = WebhookEndpoint.objects.unscoped(WHY).filter(_failing(now) | _disabled(), pk=number)
        endpoint = (
            rows.select_related("environment__tenant")
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if endpoint is None:
            return False
        disabled = endpoint.state == WebhookEndpoint.State.DISABLED
        if not _send(endpoint, disabled=disabled):
            return False
        told = "told_disabled_at" if disabled else "told_failing_at"
        WebhookEndpoint.objects.unscoped(WHY).filter(pk=number).update(**{told: now})
        return True


def _send(endpoint: WebhookEndpoint, *, disabled: bool) -> bool:
    subject = f"Your webhook {endpoint.public_id} {'was disabled' if disabled else 'is failing'}"
    facts = {
        "endpoint": endpoint,
        "address": address_of(endpoint.url),
        "environment": endpoint.environment,
        "tenant": endpoint.environment.tenant,
        "last": _last_failure(endpoint),
        "days": DISABLE_AFTER.days,
        "link": settings.BASE_URL + reverse("console_webhook", args=[endpoint.public_id]),
    }
    template = "disabled_mail.txt" if disabled else "failing_mail.txt"
    text = render_to_string(f"tracker/webhooks/{template}", facts)
    log = {"endpoint": endpoint.public_id, "environment_id": endpoint.environment_id}
    try:
        send_mail(subject, text, None, _owners(endpoint))
    except (OSError, SMTPException) as error:
        logger.warning("an owner could not be told of an endpoint", extra=log | {"reason": str(error)[:200]})
        return False
    logger.info("an owner was told of an endpoint", extra=log | {"disabled": disabled})
    return True


def address_of(url: str) -> str:
    """The URL without its query, which often holds a secret of the receiver."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _owners(endpoint: WebhookEndpoint) -> list[str]:
    """The tenant's owners, and who made the endpoint while they are still a member."""
    members = Membership.objects.for_tenant(endpoint.environment.tenant_id)
    told = members.filter(Q(role=Role.OWNER) | Q(user_id=endpoint.created_by_id), user__is_active=True)
    return sorted(set(told.values_list("user__email", flat=True)))


def _last_failure(endpoint: WebhookEndpoint) -> WebhookAttempt | None:
    messages = WebhookMessage.objects.for_environment(endpoint.environment_id).filter(endpoint=endpoint)
    undone = messages.filter(attempts__gt=0).exclude(state=WebhookMessage.State.DELIVERED)
    message = undone.order_by("-pk").first()
    if message is None:
        return None
    rows = WebhookAttempt.objects.for_environment(endpoint.environment_id)
    return rows.filter(message=message).order_by("-number", "-pk").first()
