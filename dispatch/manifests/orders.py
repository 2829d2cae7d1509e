"""Writes the order of a manifest's open stops: what a plan, a release and a supervisor's hand all come down to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.manifests.models import Manifest, ManifestStop

FIELDS = [
    "place", "state", "longitude", "latitude", "slot_from", "slot_to", "planned_arrival",
    "planned_departure", "distance_m",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that has not begun: which parcel, where, when, and how far from the visit before."""

    shipment_id: int
    longitude: float
    latitude: float
    arrival: datetime
    departure: datetime
    distance_m: float = 0.0
    slot_from: datetime | None = None
    slot_to: datetime | None = None


def visit_of(stop: ManifestStop) -> PlannedVisit:
    """A stop that is there, as the visit it stands for."""
    return PlannedVisit(
        stop.shipment_id, stop.longitude, stop.latitude, stop.planned_arrival, stop.planned_departure,
        stop.distance_m, stop.slot_from, stop.slot_to,
    )  # fmt: skip


def stops_on(manifest: Manifest) -> list[ManifestStop]:
    """The stops that are on it, in order: done, begun and open."""
    rows = ManifestStop.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    rows = rows.exclude(state=ManifestStop.State.REMOVED).select_related("shipment")
    return list(rows.order_by("place"))


def open_stops(stops: Collection[ManifestStop]) -> list[ManifestStop]:
    """Those nobody has begun."""
    return [stop for stop in stops if stop.state == ManifestStop.State.PLANNED]


def lay(manifest: Manifest, visits: Sequence[PlannedVisit], *, keep_record: bool) -> None:
    """Make these the open stops, behind what has begun. The caller holds the manifest's row.

    A parcel's open stop stays the row it is, so the phone knows it again. One that is not among them is taken off:
    kept for the record where the manifest was in somebody's hands, deleted where it was a draft.
    """
    rows = stops_on(manifest)
    begun = [row for row in rows if row.state != ManifestStop.State.PLANNED]
    here = {row.shipment_id for row in begun if row.state == ManifestStop.State.ARRIVED}
    known = {row.shipment_id: row for row in open_stops(rows)}
    changed: list[ManifestStop] = []
    new: list[ManifestStop] = []
    for place, row in enumerate(begun, 1):
        if row.place != place:
            row.place = place
            changed.append(row)
    place = len(begun)
    for visit in visits:
        if visit.shipment_id in here:
            continue
        place += 1
        old = known.pop(visit.shipment_id, None)
        row = old or ManifestStop(environment_id=manifest.environment_id, manifest=manifest)
        if old is not None and (old.place, visit_of(old)) == (place, visit):
            continue
        _fill(row, visit, place)
        (changed if old else new).append(row)
    _take_off(manifest, list(known.values()), changed, keep_record=keep_record)
    stops = ManifestStop.objects.for_environment(manifest.environment_id)
    if changed:
        stops.bulk_update(changed, FIELDS, batch_size=500)
    if new:
        stops.bulk_create(new, batch_size=500)


def _fill(row: ManifestStop, visit: PlannedVisit, place: int) -> None:
    row.place, row.shipment_id = place, visit.shipment_id
    row.longitude, row.latitude = visit.longitude, visit.latitude
    row.slot_from, row.slot_to = visit.slot_from, visit.slot_to
    row.planned_arrival, row.planned_departure = visit.arrival, visit.departure
    row.distance_m = visit.distance_m


def _take_off(
    manifest: Manifest, gone: list[ManifestStop], changed: list[ManifestStop], *, keep_record: bool
) -> None:
    if not keep_record:
        stops = ManifestStop.objects.for_environment(manifest.environment_id)
        stops.filter(pk__in=[row.pk for row in gone]).delete()
        return
    for row in gone:
        row.state, row.place = ManifestStop.State.REMOVED, None
    changed += gone
