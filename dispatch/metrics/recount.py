"""The same figures counted slowly, row by row and in plain words: what the quick ones are held against."""

from datetime import datetime

from dispatch.fleet.hours import shift_intervals
from dispatch.fleet.models import Driver, Shift, ShiftChange
from dispatch.fleet.rota import other_of, weekly_of
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.metrics.computing import Day
from dispatch.metrics.figures import DriverDay, Figures
from dispatch.shipments.models import ShipmentState

COUNTED = ("released", "acknowledged", "in_progress", "done")


def recount(day: Day, *, now: datetime) -> Figures:
    """The figures of a hub's day, a stop at a time. In the scope of its environment."""
    environment = day.hub.environment_id
    figures = Figures()
    drivers = {one.pk: one for one in Driver.objects.for_environment(environment)}
    parts = {
        pk: DriverDay(driver=one.public_id, name=one.name, shift_s=_shift_s(day, one))
        for pk, one in drivers.items()
    }
    out: set[int] = set()
    for manifest in Manifest.objects.for_environment(environment).select_related("vehicle__type"):
        if manifest.hub_id != day.hub.pk or manifest.service_date != day.service_date:
            continue
        if manifest.state not in COUNTED:
            continue
        out.add(manifest.driver_id)
        _count_manifest(figures, parts[manifest.driver_id], manifest, now=now)
    figures.shift_s = sum(part.shift_s for part in parts.values())
    figures.drivers_on_shift = sum(1 for part in parts.values() if part.shift_s > 0)
    kept = [part for pk, part in parts.items() if part.shift_s > 0 or pk in out]
    figures.drivers = sorted(kept, key=lambda one: (one.name, one.driver))
    figures.drivers_out = sum(1 for part in kept if part.stops > 0)
    return figures


def _count_manifest(figures: Figures, part: DriverDay, manifest: Manifest, *, now: datetime) -> None:
    figures.manifests += 1
    if manifest.state == "done":
        figures.manifests_done += 1
    last_finished = None
    for stop in ManifestStop.objects.for_environment(manifest.environment_id).filter(manifest=manifest):
        if stop.state == "removed":
            continue
        if stop.finished_at is not None and (last_finished is None or stop.finished_at > last_finished):
            last_finished = stop.finished_at
        _count_stop(figures, part, stop, now=now)
        if _room_of(manifest) is not None:
            figures.parcels += sum(
                shipment.size.get("parcels", 0)
                for shipment in ShipmentState.objects.for_environment(stop.environment_id).filter(
                    shipment_id=stop.shipment_id
                )
            )
    figures.planned_m += manifest.distance_m
    part.planned_m += manifest.distance_m
    figures.planned_s += manifest.duration_s
    part.planned_s += manifest.duration_s
    ended = manifest.done_at or last_finished
    if manifest.begun_at is not None and ended is not None:
        worked_s = max(0.0, (ended - manifest.begun_at).total_seconds())
        figures.worked_s += worked_s
        part.worked_s += worked_s
    figures.room_parcels += _room_of(manifest) or 0.0


def _room_of(manifest: Manifest) -> float | None:
    """Parcels that its vehicle holds; None where there is none, or it has no limit."""
    if manifest.vehicle is None:
        return None
    own, usual = manifest.vehicle.capacities, manifest.vehicle.type.capacities
    room: float | None = (usual if own is None else own).get("parcels")
    return room


def _count_stop(figures: Figures, part: DriverDay, stop: ManifestStop, *, now: datetime) -> None:
    figures.stops += 1
    part.stops += 1
    finished = stop.state in ("delivered", "failed")
    if finished:
        part.finished += 1
        part.driven_m += stop.distance_m
        figures.driven_m += stop.distance_m
    if stop.state == "delivered":
        figures.delivered += 1
    if stop.state == "failed":
        figures.failed += 1
    if stop.slot_to is None:
        return
    at_door_in_time = stop.arrived_at is not None and stop.arrived_at <= stop.slot_to
    if finished or (stop.slot_to < now and not at_door_in_time):
        figures.slots_decided += 1
        at_door = stop.arrived_at or stop.finished_at
        if stop.state == "delivered" and at_door is not None and at_door <= stop.slot_to:
            figures.slots_kept += 1
        return
    figures.slots_open += 1
    if stop.miss_chance is not None:
        figures.slots_predicted += 1
        figures.predicted_missed += stop.miss_chance
        if stop.miss_chance >= 0.5:
            figures.at_risk += 1


def _shift_s(day: Day, driver: Driver) -> float:
    """Of the shifts of a driver of this hub that begin on the date."""
    if driver.hub_id != day.hub.pk or driver.retired_at is not None:
        return 0.0
    shifts = Shift.objects.for_environment(driver.environment_id).filter(driver=driver)
    changes = ShiftChange.objects.for_environment(driver.environment_id).filter(driver=driver)
    found = shift_intervals(
        [weekly_of(one) for one in shifts],
        [other_of(one) for one in changes],
        day.hub.timezone,
        day.service_date,
        day.service_date,
    )
    return sum(one.seconds for one in found)
