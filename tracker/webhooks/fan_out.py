"""From an event to a message for each endpoint that asks for its kind."""

from collections import defaultdict

from tracker.outbox.models import OutboxEvent
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage
from tracker.webhooks.subscriptions import wants

State = WebhookMessage.State


def fan_out(events: list[OutboxEvent]) -> None:
    """Owe each event to the endpoints of its environment that ask for it. Once only, however often it is called.

    An endpoint that was never verified is owed nothing; one that is disabled, or must be verified anew, is owed
    messages that are withheld and can be replayed. A message is due since its event was written.
    """
    endpoints = _endpoints({event.environment_id for event in events})
    owed = [
        WebhookMessage(
            environment_id=event.environment_id,
            endpoint=endpoint,
            event=event,
            number=0,
            state=State.PENDING if endpoint.state == WebhookEndpoint.State.ENABLED else State.WITHHELD,
            due_at=event.created_at,
        )
        for event in events
        for endpoint in endpoints.get(event.environment_id, ())
        if wants(endpoint.kinds, event.kind)
    ]
    if owed:
        rows = WebhookMessage.objects.unscoped("the relay hands on the events of every customer")
        rows.bulk_create(owed, ignore_conflicts=True)


def _endpoints(environments: set[int]) -> dict[int, list[WebhookEndpoint]]:
    rows = WebhookEndpoint.objects.unscoped("the relay hands on the events of every customer")
    found: dict[int, list[WebhookEndpoint]] = defaultdict(list)
    verified = rows.filter(environment_id__in=environments, deleted_at=None, verified_at__isnull=False)
    for endpoint in verified.only("environment_id", "kinds", "state"):
        found[endpoint.environment_id].append(endpoint)
    return found
