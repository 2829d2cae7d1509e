"""Makes endpoints and events, and reads what became of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.services import record
from tracker.tenants import scope
from tracker.tenants.models import Environment
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookSecret
from tracker.webhooks.services import create_endpoint

WHY = "a test looks at everything"
NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)


def an_endpoint(
    environment: Environment,
    *,
    url: str = "http://127.0.0.1:9/hook",
    kinds: Sequence[str] = (),
    state: str = WebhookEndpoint.State.ENABLED,
    **values: Any,
) -> WebhookEndpoint:
    """A verified endpoint; `WEBHOOKS_ALLOW_PRIVATE` must be on for a URL of the loopback."""
    with scope.scope(environment_id=environment.pk, tenant_id=environment.tenant_id):
        endpoint, _ = create_endpoint(environment, url=url, kinds=kinds, by=None, now=NOW)
        verified = None if state == WebhookEndpoint.State.UNVERIFIED else NOW
        changes = {"state": state, "verified_at": verified, "verify_at": None} | values
        WebhookEndpoint.objects.for_environment(environment).filter(pk=endpoint.pk).update(**changes)
    return fresh(endpoint)


def an_event(
    environment: Environment,
    kind: Kind = Kind.DEVICE_SILENT,
    data: dict[str, Any] | None = None,
    *,
    request_id: UUID | None = None,
) -> OutboxEvent:
    """An event, in a transaction of its own."""
    with transaction.atomic():
        event = record(environment.pk, kind, data or {"a": 1}, occurred_at=NOW, request_id=request_id)
    event.refresh_from_db(from_queryset=OutboxEvent.objects.unscoped(WHY))
    return event


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint's row as it is now."""
    with scope.scope(unscoped=WHY):
        return WebhookEndpoint.objects.unscoped(WHY).get(pk=endpoint.pk)


def messages(**where: Any) -> list[WebhookMessage]:
    """Messages, oldest first."""
    with scope.scope(unscoped=WHY):
        rows = WebhookMessage.objects.unscoped(WHY).filter(**where)
        return list(rows.select_related("event", "endpoint").order_by("pk"))


def attempts(**where: Any) -> list[WebhookAttempt]:
    """Attempts, oldest first."""
    with scope.scope(unscoped=WHY):
        return list(WebhookAttempt.objects.unscoped(WHY).filter(**where).order_by("pk"))


def secret_of(endpoint: WebhookEndpoint) -> bytes:
    """Its newest secret."""
    with scope.scope(unscoped=WHY):
        rows = WebhookSecret.objects.unscoped(WHY).filter(endpoint=endpoint)
        return bytes(rows.order_by("-pk").values_list("secret", flat=True)[0])
