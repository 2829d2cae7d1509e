"""Where the driver's device was around each transition of a shipment, which borders it crossed, which zones there were.

A device's positions are the driver's only while the driver carried it (DeviceHolding). Nothing else of the driver's day
is in a pack: ten minutes on either side of what happened to this shipment.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from msgspec import Struct, to_builtins

from dispatch.fleet.models import DeviceHolding, Hub
from dispatch.shipments import kinds
from dispatch.shipments.history import Known, as_of, fold, in_order
from dispatch.shipments.store import StoredEvent
from tracker.devices.models import Device
from tracker.geofences.crossing_schemas import crossing_document
from tracker.geofences.models import Geofence, GeofenceCrossing
from tracker.geofences.selectors import shapes_of, version_at, version_by_number
from tracker.geofences.visits import Wanted, crossings_told
from tracker.http.times import moment_text
from tracker.positions.selectors import daily_lines_between, positions_between
from tracker.tenants.identifiers import parse_id

AROUND = timedelta(minutes=10)
MOST_POSITIONS, MOST_CROSSINGS = 1_000, 200  # of one window
MOST_WINDOWS = 200
TRANSITIONS = (
    kinds.PickupConfirmed,
    kinds.Assigned,
    kinds.Unassigned,
    kinds.OutForDelivery,
    kinds.DeliveryAttempted,
    kinds.DeliveryConfirmed,
    kinds.ReturnStarted,
    kinds.Returned,
    kinds.Cancelled,
    kinds.Damaged,
    kinds.Lost,
)


class Window(Struct):
    """The time around a transition in which a device was its driver's."""

    sequence: int
    kind: str
    occurred_at: datetime
    since: datetime
    until: datetime
    driver: str
    device: Device

    def shown(self, rows: list[dict[str, Any]], note: str = "") -> dict[str, Any]:
        """As it stands in the pack."""
        return {
            "sequence": self.sequence,
            "kind": self.kind,
            "occurred_at": moment_text(self.occurred_at),
            "from": moment_text(self.since),
            "to": moment_text(self.until),
            "driver": self.driver,
            "device": self.device.public_id,
            "note": note,
            "rows": rows,
        }


def windows_of(environment_id: int, events: Sequence[StoredEvent]) -> list[Window]:
    """One for each transition and device its driver carried then; none where nobody did."""
    history = [event.known for event in events]
    found: list[Window] = []
    for known in in_order(history):
        driver = _driver(known, history, events)
        if driver is not None and isinstance(known.event, TRANSITIONS) and len(found) < MOST_WINDOWS:
            found += _windows(environment_id, known, driver)
    return found


def positions_in(window: Window) -> dict[str, Any]:
    """The device's positions in the window; of a time whose positions are gone, its simplified line of that day."""
    rows = positions_between(
        window.device, window.since, window.until + timedelta(microseconds=1), limit=MOST_POSITIONS
    )
    if rows:
        note = f"only the first {MOST_POSITIONS}" if len(rows) == MOST_POSITIONS else ""
        return window.shown([_position(row) for row in rows], note)
    day = window.occurred_at.date()
    line = next(iter(daily_lines_between(window.device, day, day + timedelta(days=1), limit=1)), None)
    if line is None:
        return window.shown([], "no position is kept of this time")
    drawn = {"line": [list(place) for place in line.line.coords], "error_bound_m": line.error_bound_m}
    return window.shown([], "positions are not kept this long; the day's line is") | drawn


def crossings_in(environment_id: int, window: Window) -> list[GeofenceCrossing]:
    """What was told of the device and borders in the window, also what was corrected later."""
    until = window.until + timedelta(microseconds=1)
    wanted = Wanted(environment_id, window.since, until, device=window.device)
    return crossings_told(wanted, superseded=True, after=None, limit=MOST_CROSSINGS)


def shown_crossing(crossing: GeofenceCrossing) -> dict[str, Any]:
    """As the API shows it, and when it was told."""
    return dict(to_builtins(crossing_document(crossing))) | {"stored_at": moment_text(crossing.stored_at)}


def zones_of(
    environment_id: int, windows: Iterable[Window], crossings: Iterable[GeofenceCrossing], hub: str | None
) -> list[dict[str, Any]]:
    """The versions of the zones that decided then, each with the borders that were crossed and the hub's own."""
    told = list(crossings)
    numbers = {crossing.version for crossing in told}
    for window in windows:
        if version := version_at(environment_id, window.occurred_at):
            numbers.add(version.number)
    wanted = {pk for crossing in told for pk in (crossing.from_geofence_id, crossing.to_geofence_id) if pk}
    if hub is not None:
        row = Hub.objects.for_environment(environment_id).filter(uid=parse_id("hub", hub)).first()
        wanted |= {row.geofence_id} if row is not None and row.geofence_id is not None else set()
    return [_version(environment_id, number, wanted) for number in sorted(numbers)]


def _version(environment_id: int, number: int, wanted: set[int]) -> dict[str, Any]:
    version = version_by_number(environment_id, number)
    shapes = shapes_of(version)
    names = Geofence.objects.for_environment(environment_id).in_bulk(sorted(wanted & shapes.keys()))
    borders = [
        {"geofence": names[pk].public_id, "name": shapes[pk].name, "border": shapes[pk].geometry.geojson}
        for pk in sorted(names)
    ]
    times = (version.published_at, version.effective_at) if version else (None, None)
    published, effective = (moment_text(moment) if moment else None for moment in times)
    return {"version": number, "published_at": published, "effective_at": effective, "geofences": borders}


def _driver(known: Known, history: Sequence[Known], events: Sequence[StoredEvent]) -> str | None:
    """Who had it then: the driver the event names, the one who told it, or the one its state names."""
    named = getattr(known.event, "driver", None)
    author = events[known.sequence - 1].link.author
    if named or author["kind"] == "driver":
        return named or author["id"]
    before = fold(as_of(history, known.occurred_at)).driver
    return before or (fold(as_of(history, known.occurred_at - timedelta(microseconds=1))).driver)


def _windows(environment_id: int, known: Known, driver: str) -> Iterator[Window]:
    since, until = known.occurred_at - AROUND, known.occurred_at + AROUND
    rows = DeviceHolding.objects.for_environment(environment_id).filter(
        Q(until=None) | Q(until__gt=since), driver__uid=parse_id("drv", driver), since__lt=until
    )
    for holding in rows.select_related("device").order_by("since"):
        yield Window(
            sequence=known.sequence,
            kind=type(known.event).__name__,
            occurred_at=known.occurred_at,
            since=max(since, holding.since),
            until=min(until, holding.until or until),
            driver=driver,
            device=holding.device,
        )


def _position(row: Any) -> dict[str, Any]:
    names = ("longitude", "latitude", "accuracy_m", "speed_mps", "heading_deg")
    times = ("recorded_at", "received_at", "stored_at")
    return {name: moment_text(row[name]) for name in times} | {name: row[name] for name in names}
