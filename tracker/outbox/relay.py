"""Hands events on to their subscribers: at least once, none left out, whoever commits late and whoever is killed."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from tracker.outbox.models import OutboxEvent
from tracker.outbox.subscribers import SUBSCRIBERS, Subscriber
from tracker.tenants import scope

BATCH = 200
WHY = "the relay hands on the events of every customer"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Relayed:
    """What one batch came to: how many events were handed on, and which a subscriber failed at, with their kinds."""

    count: int
    failed: frozenset[int]
    kinds: Mapping[int, str] = field(default_factory=dict)


def relay_batch(
    *,
    now: datetime,
    parked: Collection[int] = (),
    limit: int = BATCH,
    subscribers: Sequence[Subscriber] | None = None,
) -> Relayed:
    """Hand on the oldest events that are not relayed yet, except those `parked`, in one transaction.

    Rows are found by what they say of themselves and never by a mark of how far we got: a transaction that commits
    late shows its row late, with a lower number than rows already relayed. Rows that another relay holds are passed
    over. Raises DatabaseError when the database is away; then nothing was handed on.
    """
    failed: set[int] = set()
    with scope.scope(unscoped=WHY):
        rows = OutboxEvent.objects.unscoped(WHY).filter(relayed_at=None)
        if parked:
            rows = rows.exclude(pk__in=parked)
        events = list(rows.order_by("pk").select_for_update(skip_locked=True)[:limit])
        for subscriber in SUBSCRIBERS if subscribers is None else subscribers:
            failed |= _tell(subscriber, events)
        done = [event.pk for event in events if event.pk not in failed]
        OutboxEvent.objects.unscoped(WHY).filter(pk__in=done).update(relayed_at=now)
    kinds = {event.pk: event.kind for event in events if event.pk in failed}
    return Relayed(len(done), frozenset(failed), kinds)


def _tell(subscriber: Subscriber, events: list[OutboxEvent]) -> set[int]:
    """Tell all at once; where that fails one by one, so that one event holds up no other."""
    if not events or _told(subscriber, events) is None:
        return set()
    failed = set()
    for event in events:
        if (error := _told(subscriber, [event])) is not None:
            failed.add(event.pk)
            name = getattr(subscriber, "__name__", str(subscriber))
            facts = {"event": event.public_id, "kind": event.kind, "subscriber": name}
            logger.error("an event could not be handed on", extra=facts, exc_info=error)
    return failed


def _told(subscriber: Subscriber, events: list[OutboxEvent]) -> Exception | None:
    """What kept the subscriber from taking the events; what it did of them is undone then."""
    try:
        with transaction.atomic():
            subscriber(events)
    except (OperationalError, InterfaceError):  # the database's trouble is not the event's
        raise
    except Exception as error:  # whatever it is: the other events must go on
        return error
    return None


__all__ = ["BATCH", "DatabaseError", "Relayed", "relay_batch"]
