"""Reads of the list of events, for whoever catches up by asking."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.tenants.models import Environment

# Only rows of transactions before the oldest one that still runs: every row that can ever stand before them is
# visible already, so a reader who goes on after the last one misses nothing that commits late.
AFTER = """
    SELECT id, written_by::text FROM tracker_outboxevent
    WHERE environment_id = %(environment)s AND kind <> %(test)s
        AND written_by < pg_snapshot_xmin(pg_current_snapshot())
        AND (written_by, id) > (%(transaction)s::text::xid8, %(id)s)
        AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
    ORDER BY written_by, id
    LIMIT %(limit)s
"""


class Place(NamedTuple):
    """A place in the list: the id of the writing transaction, and the row's."""

    transaction: int
    id: int


BEGINNING = Place(0, 0)


@dataclass(frozen=True)
class Stretch:
    """Some events, where the list goes on, and whether there is more of it now."""

    events: list[OutboxEvent]
    place: Place
    more: bool
    place_is_unknown: bool = (
        False  # from before the database was loaded from a dump, whose transactions count anew
    )


def events_after(
    environment: Environment,
    place: Place,
    *,
    limit: int,
    kinds: Collection[str] = (),
    since: datetime | None = None,
) -> Stretch:
    """Up to `limit` events behind a place, of these kinds (none named: all), written at or after `since`."""
    facts: dict[str, Any] = {
        "environment": environment.pk,
        "test": Kind.WEBHOOK_TEST.value,  # said to one endpoint, not to everybody
        "transaction": str(place.transaction),
        "id": place.id,
        "kinds": list(kinds) or None,
        "since": since,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(AFTER, facts)
        found = cursor.fetchall()
    if not found and place.transaction > newest_place().transaction:
        return Stretch([], place, more=False, place_is_unknown=True)
    more, found = len(found) > limit, found[:limit]
    rows = OutboxEvent.objects.for_environment(environment).in_bulk([key for key, _ in found])
    if found:
        place = Place(int(found[-1][1]), found[-1][0])
    # a device may be deleted, with its events, between the two reads
    return Stretch([rows[key] for key, _ in found if key in rows], place, more)


def newest_place() -> Place:
    """Behind every event that can be read now; what is being written at this moment comes after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return Place(int(cursor.fetchone()[0]), 0)
