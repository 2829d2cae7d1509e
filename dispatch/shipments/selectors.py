"""Reads of shipments: as they are now, as they were, what happened to them, and what happened since.

`hubs` narrows a read to what a member may see (`dispatch.fleet.sight.hubs_in_sight`); None is every hub. A key sees
its whole environment.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from dispatch.shipments import store
from dispatch.shipments.history import as_of, fold
from dispatch.shipments.models import Shipment, ShipmentState
from dispatch.shipments.references import reference_in
from dispatch.shipments.state import State
from dispatch.shipments.store import StoredEvent
from tracker.tenants.models import Environment

SightOfHubs = Collection[int] | None

# Only rows of transactions before the oldest one that still runs: every row that can ever stand before them is
# visible already, so a reader who goes on after the last one misses nothing that commits late.
AFTER = """
    SELECT id, written_by::text FROM dispatch_shipmentevent
    WHERE environment_id = %(environment)s
        AND written_by < pg_snapshot_xmin(pg_current_snapshot())
        AND (written_by, id) > (%(transaction)s::text::xid8, %(id)s)
    ORDER BY written_by, id
    LIMIT %(limit)s
"""


class Place(NamedTuple):
    """A place in the feed: the id of the writing transaction, and the row's."""

    transaction: int
    id: int


BEGINNING = Place(0, 0)


class ListPlace(NamedTuple):
    """A place in the list of shipments."""

    created_at: datetime
    id: int


@dataclass(frozen=True)
class Stretch:
    """Some events of the feed, where it goes on, and whether there is more of it now."""

    events: list[StoredEvent]
    place: Place
    more: bool
    place_is_unknown: bool = False  # from before the database was loaded from a dump, which counts anew


def states(
    environment: Environment | int,
    *,
    hubs: SightOfHubs = None,
    state: str | Collection[str] = (),
    hub: int | None = None,
    driver: int | None = None,
    doubtful: bool | None = None,
    text: str = "",
) -> QuerySet[ShipmentState]:
    """The environment's shipments as they are now, narrowed; shipment, hub and driver loaded.

    `text` is the beginning of an external id, or part of the name, address or telephone number of the recipient.
    """
    rows = ShipmentState.objects.for_environment(environment).select_related("shipment", "hub", "driver")
    if hubs is not None:
        rows = rows.filter(hub_id__in=hubs)
    if state:
        rows = rows.filter(state__in=[state] if isinstance(state, str) else list(state))
    if hub is not None:
        rows = rows.filter(hub_id=hub)
    if driver is not None:
        rows = rows.filter(driver_id=driver)
    if doubtful is not None:
        rows = rows.filter(place_doubtful=doubtful)
    return _matching(rows, text) if text else rows


def page_of(
    environment: Environment | int,
    *,
    after: ListPlace | None,
    limit: int,
    external_id: str | None = None,
    **narrowed: Any,
) -> tuple[list[ShipmentState], bool]:
    """Up to `limit` shipments, the newest first, behind a place, and whether there are more; narrowed as `states`."""
    rows = states(environment, **narrowed)
    if external_id is not None:
        rows = rows.filter(shipment__external_id=external_id)
    if after is not None:
        rows = rows.filter(
            Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, shipment_id__lt=after.id)
        )
    found = list(rows.order_by("-created_at", "-shipment_id")[: limit + 1])
    return found[:limit], len(found) > limit


def shipment(
    environment: Environment | int, reference: str, *, hubs: SightOfHubs = None
) -> ShipmentState | None:
    """The shipment that `shp_…` or `external:…` names, as it is now; None where there is none in sight."""
    named = reference_in(reference)
    if named is None:
        return None
    rows = states(environment, hubs=hubs)
    return rows.filter(**{f"shipment__{name}": value for name, value in named.items()}).first()


def identity(environment: Environment | int, reference: str) -> Shipment | None:
    """The same without its state: there also while the projection is being made anew."""
    named = reference_in(reference)
    return Shipment.objects.for_environment(environment).filter(**named).first() if named else None


def events_of(environment: Environment | int, shipment_id: int) -> list[StoredEvent]:
    """Everything that happened to a shipment, by number; with what is still known of its recipient."""
    return store.stored(_key(environment), shipment_id=shipment_id)


def state_of(environment: Environment | int, shipment_id: int) -> State | None:
    """What its events say it is now, asked of the events themselves; None without any."""
    parcel = store.read(_key(environment), [shipment_id]).get(shipment_id)
    return fold(parcel.history) if parcel else None


def state_at(
    environment: Environment | int, shipment_id: int, at: datetime, known_at: datetime | None = None
) -> State | None:
    """What the shipment was at a time, by when things happened; None before it was announced.

    With `known_at`, as one would have answered then: without what became known later (a phone without a network tells
    of ten o'clock at one).
    """
    parcel = store.read(_key(environment), [shipment_id]).get(shipment_id)
    history = as_of(parcel.history, at, known_at) if parcel else []
    return fold(history) if history else None


def feed(environment: Environment | int, after: Place = BEGINNING, *, limit: int = 100) -> Stretch:
    """Up to `limit` events of all shipments behind a place, in an order in which nothing is ever put in later."""
    key = _key(environment)
    facts: dict[str, Any] = {
        "environment": key,
        "transaction": str(after.transaction),
        "id": after.id,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(AFTER, facts)
        found = cursor.fetchall()
    if not found and after.transaction > newest_place().transaction:
        return Stretch([], after, more=False, place_is_unknown=True)
    more, found = len(found) > limit, found[:limit]
    events = {event.pk: event for event in store.stored(key, events=[pk for pk, _ in found])}
    place = Place(int(found[-1][1]), found[-1][0]) if found else after
    return Stretch([events[pk] for pk, _ in found], place, more)


def newest_place() -> Place:
    """Behind every event that can be read now; what is being written at this moment comes after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return Place(int(cursor.fetchone()[0]), 0)


def _matching(rows: QuerySet[ShipmentState], text: str) -> QuerySet[ShipmentState]:
    found = rows.filter(shipment__external_id__startswith=text)
    for field in ("recipient", "address", "phone"):
        found = found | rows.filter(**{f"{field}__icontains": text})
    return found


def _key(environment: Environment | int) -> int:
    return environment if isinstance(environment, int) else environment.pk


__all__: Sequence[str] = [
    "BEGINNING",
    "ListPlace",
    "Place",
    "Stretch",
    "events_of",
    "feed",
    "identity",
    "newest_place",
    "page_of",
    "shipment",
    "state_at",
    "state_of",
    "states",
]
