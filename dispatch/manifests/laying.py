"""Writes orders that a person chose: rows, times, new versions to drivers, and what parcels are told of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatch.fleet.models import Driver
from dispatch.manifests import parcels
from dispatch.manifests.desk import Desk, Order
from dispatch.manifests.issuing import IN_FORCE, issue, touch
from dispatch.manifests.models import Manifest
from dispatch.manifests.orders import PlannedVisit, lay, open_stops, stops_on
from dispatch.manifests.releasing import member_of
from dispatch.manifests.uncertainty import flag
from dispatch.manifests.weighing import Weighed
from dispatch.optimiser.solution import Route, Visit
from dispatch.planning.results import slot_for
from dispatch.shipments.authors import Author


def lay_orders(
    desk: Desk,
    orders: Mapping[str, Order],
    weighed: Weighed,
    touched: Sequence[str],
    *,
    author: Author,
    reason: str,
    now: datetime,
) -> dict[str, Manifest]:
    """Make these the open stops of the drivers touched; the manifests of the day afterwards, by driver.

    A driver who had none gets one: in force where the plan of the day is, a draft where it is not. The caller holds
    the rows and is in a transaction.
    """
    in_force = any(manifest.state in IN_FORCE for manifest in desk.manifests.values())
    held = dict(desk.manifests)
    had = _in_force_stops(desk, touched)
    for driver in touched:
        known = held.get(driver)
        goes_out = in_force if known is None else known.state in IN_FORCE
        manifest = held[driver] = known or _new(desk, driver)
        lay(manifest, _visits(desk, weighed, driver), keep_record=manifest.version > 0)
        _retime(desk, manifest, weighed.routes.get(driver))
        if goes_out:
            issue(manifest, released_by_id=member_of(author), reason=reason, now=now)
        else:
            touch(manifest)
    _tell_parcels(desk, held, had, touched, author=author, reason=reason, now=now)
    flag(held[touched[0]].environment_id, [held[driver].pk for driver in touched], now=now)
    return held


def _new(desk: Desk, driver: str) -> Manifest:
    hand = desk.assembled.hands[driver]
    return Manifest.objects.create(
        environment_id=hand.driver.environment_id,
        hub_id=hand.driver.hub_id,
        driver=Driver.objects.for_environment(hand.driver.environment_id).get(pk=hand.driver.pk),
        vehicle=hand.on.vehicle,
        service_date=desk.assembled.service_date,
    )


def _visits(desk: Desk, weighed: Weighed, driver: str) -> list[PlannedVisit]:
    """The open visits of a driver's route."""
    route = weighed.routes.get(driver)
    if route is None:
        return []
    legs = weighed.legs_m[driver]
    return [
        _visit(desk, visit, leg_m)
        for visit, leg_m in zip(route.visits, legs, strict=True)
        if visit.stop in desk.assembled.parcels
    ]


def _visit(desk: Desk, visit: Visit, leg_m: int) -> PlannedVisit:
    one = desk.assembled.parcels[visit.stop]
    epoch = desk.brief.epoch
    slot = slot_for(one, epoch + timedelta(seconds=visit.start_s))
    assert one.row.longitude is not None and one.row.latitude is not None  # noqa: S101, PT018  judged before
    return PlannedVisit(
        one.row.pk,
        one.row.longitude,
        one.row.latitude,
        epoch + timedelta(seconds=visit.arrive_s),
        epoch + timedelta(seconds=visit.end_s),
        float(leg_m),
        slot[0] if slot else None,
        slot[1] if slot else None,
    )


def _retime(desk: Desk, manifest: Manifest, route: Route | None) -> None:
    """The facts of the route as a whole; the plan's own explanations hold no more."""
    epoch = desk.brief.epoch
    manifest.why_driver = None
    if route is None:
        manifest.distance_m = manifest.duration_s = 0.0
    else:
        manifest.starts_at = epoch + timedelta(seconds=route.leave_s)
        manifest.ends_at = epoch + timedelta(seconds=route.end_s)
        manifest.distance_m, manifest.duration_s = float(route.distance_m), float(route.duration_s)
    manifest.save(update_fields=["why_driver", "distance_m", "duration_s", "starts_at", "ends_at"])


def _in_force_stops(desk: Desk, touched: Sequence[str]) -> dict[int, str]:
    """Which driver has which parcel on a manifest in force, before anything is written."""
    return {
        stop.shipment_id: driver
        for driver in touched
        if driver in desk.manifests and desk.manifests[driver].state in IN_FORCE
        for stop in desk.open.get(driver, [])
    }


def _tell_parcels(
    desk: Desk,
    held: Mapping[str, Manifest],
    had: Mapping[int, str],
    touched: Sequence[str],
    *,
    author: Author,
    reason: str,
    now: datetime,
) -> None:
    """Parcels that changed hands know whose they are now; those that nobody has any more know that."""
    have: set[int] = set()
    for driver in touched:
        manifest = held[driver]
        if manifest.version == 0:
            continue
        mine = open_stops(stops_on(manifest))
        have |= {stop.shipment_id for stop in mine}
        new = [stop for stop in mine if had.get(stop.shipment_id) != driver]
        parcels.assign(manifest, new, by=author, now=now)
    lost = sorted(had.keys() - have)
    environment_id = held[touched[0]].environment_id
    parcels.unassign(environment_id, lost, reason=reason, by=author, now=now)
