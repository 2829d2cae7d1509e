"""Who is told of events, in this order, by the relay and in its transaction.

A subscriber takes a list of events of any customers and must do the same again without harm: when one of them fails,
its events come again, to the others too.
"""

from collections.abc import Callable

from tracker.alerts.raising import raise_from
from tracker.outbox.models import OutboxEvent
from tracker.webhooks.fan_out import fan_out

Subscriber = Callable[[list[OutboxEvent]], None]

SUBSCRIBERS: list[Subscriber] = [fan_out, raise_from]


def subscribe(subscriber: Subscriber) -> None:
    """Tell one more, after those that are told already: how an app that stands on this one hears of events."""
    if subscriber not in SUBSCRIBERS:
        SUBSCRIBERS.append(subscriber)
