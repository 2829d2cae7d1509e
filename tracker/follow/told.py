"""The webhook leg of a story: events a report led to, when they were handed on, every attempt to deliver them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tracker.follow.ids import made_at
from tracker.follow.stored import CLOCKS_DIFFER, Held
from tracker.outbox.models import OutboxEvent
from tracker.tenants.models import Environment
from tracker.webhooks.models import WebhookAttempt, WebhookMessage

AFTERWARDS = timedelta(minutes=15)  # an event is written with what it tells of, or by a tick soon after
MOST_EVENTS = 100


@dataclass(frozen=True)
class Told:
    """An event of the request, and whom it was sent to."""

    event: OutboxEvent
    messages: list[WebhookMessage]
    attempts: list[WebhookAttempt]

    def attempts_of(self, message: WebhookMessage) -> list[WebhookAttempt]:
        """In their order."""
        return [attempt for attempt in self.attempts if attempt.message_id == message.pk]


def told_of(request: UUID, environment: Environment | None, held: Held, *, now: datetime) -> list[Told]:
    """Events that name the request, oldest first. Looked for around the times at which something of it was stored."""
    if environment is None:
        return []
    made = made_at(request)
    times = [row.stored_at for row in held.kept] + ([made] if made else [])
    times += [letter.redriven_at for letter in held.letters if letter.redriven_at]
    if not times:
        return []
    events = OutboxEvent.objects.for_environment(environment).filter(
        created_at__gte=min(times) - CLOCKS_DIFFER,
        created_at__lt=min(max(times), now) + AFTERWARDS,
        request_id=request,
    )
    found = list(events.order_by("pk")[:MOST_EVENTS])
    rows = WebhookMessage.objects.for_environment(environment).filter(event__in=found)
    messages = list(rows.select_related("endpoint").order_by("pk"))
    tries = WebhookAttempt.objects.for_environment(environment).filter(message__in=messages)
    attempts = list(tries.order_by("message", "number", "pk"))
    return [
        Told(
            event,
            mine := [message for message in messages if message.event_id == event.pk],
            [attempt for attempt in attempts if attempt.message_id in {message.pk for message in mine}],
        )
        for event in found
    ]
