"""Reads about webhooks: an environment's endpoints and how they fare, what each was sent, each attempt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookSecret

COUNTED = 1000  # nobody reads a larger number, and counting costs by the row


def endpoints_of(environment: Environment) -> QuerySet[WebhookEndpoint]:
    """The environment's endpoints, newest first."""
    rows = WebhookEndpoint.objects.for_environment(environment).filter(deleted_at=None)
    return rows.select_related("created_by").order_by("-pk")


def endpoint_of(environment: Environment, reference: str) -> WebhookEndpoint | None:
    """The environment's endpoint `whk_…`; None where there is none, or not any more."""
    try:
        uid = parse_id("whk", reference)
    except BadIdentifier:
        return None
    return endpoints_of(environment).filter(uid=uid).first()


def secrets_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[WebhookSecret]:
    """The secrets in force, newest first; of the older ones it is known when they end."""
    rows = WebhookSecret.objects.for_environment(endpoint.environment_id).filter(endpoint=endpoint)
    return [row for row in rows.order_by("-pk") if row.expires_at is None or row.expires_at > now]


@dataclass(frozen=True)
class Narrowing:
    """Which messages are meant; what is empty narrows nothing. Times are those of making, `until` excluded."""

    state: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def of(self, rows: QuerySet[WebhookMessage]) -> QuerySet[WebhookMessage]:
        """The rows it lets through."""
        if self.state:
            rows = rows.filter(state=self.state)
        if self.kind:
            rows = rows.filter(event__kind=self.kind)
        if self.since is not None:
            rows = rows.filter(created_at__gte=self.since)
        if self.until is not None:
            rows = rows.filter(created_at__lt=self.until)
        return rows


def messages_of(endpoint: WebhookEndpoint, narrowing: Narrowing | None = None) -> QuerySet[WebhookMessage]:
    """What an endpoint was sent or is owed, its events loaded."""
    rows = WebhookMessage.objects.for_environment(endpoint.environment_id).filter(endpoint=endpoint)
    return (narrowing or Narrowing()).of(rows.select_related("event", "endpoint"))


def messages_after(
    endpoint: WebhookEndpoint, narrowing: Narrowing, *, after: int | None, limit: int
) -> list[WebhookMessage]:
    """Up to `limit` of them, newest first, those behind the row `after`."""
    rows = messages_of(endpoint, narrowing)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def message_of(endpoint: WebhookEndpoint, reference: str) -> WebhookMessage | None:
    """The endpoint's message `msg_…`."""
    try:
        uid = parse_id("msg", reference)
    except BadIdentifier:
        return None
    return messages_of(endpoint).filter(uid=uid).first()


def data_text_of(message: WebhookMessage) -> str:
    """The event's data, letter by letter as the database writes it: that is what is sent and signed."""
    rows = OutboxEvent.objects.for_environment(message.environment_id).filter(pk=message.event_id)
    return str(rows.values_list(Cast("data", TextField()), flat=True).get())


def attempts_of(message: WebhookMessage) -> list[WebhookAttempt]:
    """Every request made for it, in order."""
    rows = WebhookAttempt.objects.for_environment(message.environment_id).filter(message=message)
    return list(rows.order_by("number", "pk"))


@dataclass(frozen=True)
class Standing:
    """How an endpoint fares. Counts go up to COUNTED."""

    endpoint: WebhookEndpoint
    last_success_at: datetime | None
    waiting: int
    not_delivered: int  # given up, or withheld while it was disabled


def standing_of(endpoint: WebhookEndpoint) -> Standing:
    """The same for one."""
    rows = WebhookMessage.objects.for_environment(endpoint.environment_id).filter(endpoint=endpoint)
    state = WebhookMessage.State
    delivered = rows.filter(state=state.DELIVERED).order_by("-pk").values_list("ended_at", flat=True)
    lost = rows.filter(state__in=[state.FAILED, state.WITHHELD])
    return Standing(
        endpoint,
        last_success_at=delivered.first(),
        waiting=rows.filter(state=state.PENDING)[:COUNTED].count(),
        not_delivered=lost[:COUNTED].count(),
    )


def standings_of(endpoints: Iterable[WebhookEndpoint]) -> list[Standing]:
    """How each fares; three short reads an endpoint, of which an environment has few."""
    return [standing_of(endpoint) for endpoint in endpoints]
