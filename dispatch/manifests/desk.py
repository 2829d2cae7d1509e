"""A hub's day as a supervisor's hand finds it: who has which open parcels, who has none, what nobody has.

Each driver goes by one manifest: the one in force, or the draft where nothing is in force yet. That one is changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from msgspec.structs import replace as with_fields

from dispatch.fleet.models import Hub
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.weighing import Scales, Weighed
from dispatch.optimiser.cost import above_share
from dispatch.optimiser.problem import Problem, Stop, Vehicle
from dispatch.planning.assembling import Assembled, assemble
from dispatch.planning.brief import Brief

STANDING = (Manifest.State.DRAFT, *IN_FORCE)
Order = tuple[str, ...]


@dataclass
class Desk:
    """The day. Drivers, manifests, parcels by public id; orders hold what nobody has begun."""

    assembled: Assembled
    manifests: dict[str, Manifest]
    open: dict[str, list[ManifestStop]]
    orders: dict[str, Order] = field(default_factory=dict)
    tray: Order = ()

    @property
    def brief(self) -> Brief:
        return self.assembled.brief

    def revision(self, driver: str) -> int:
        """Of the driver's manifest; 0 where there is none."""
        manifest = self.manifests.get(driver)
        return 0 if manifest is None else manifest.revision

    def key(self, driver: str) -> str:
        """By what a caller names what they looked at: the manifest, or the driver who has none."""
        manifest = self.manifests.get(driver)
        return driver if manifest is None else manifest.public_id

    def stop_of(self, shipment: str) -> tuple[str, ManifestStop] | None:
        """The driver who has it and the planned visit; None where nobody has it."""
        for driver, stops in self.open.items():
            for stop in stops:
                if stop.shipment.public_id == shipment:
                    return driver, stop
        return None


def desk_of(environment_id: int, hub: Hub, *, service_date: date, now: datetime) -> Desk:
    """Read the day of a hub and all below it. Raises Unplannable where nobody drives or nowhere is to load."""
    assembled = assemble(environment_id, hub, service_date=service_date, now=now, absent_too=True)
    manifests = standing(environment_id, assembled.hub_ids, service_date)
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__in=[manifest.pk for manifest in manifests.values()], state=ManifestStop.State.PLANNED
    )
    open_stops: dict[int, list[ManifestStop]] = {}
    for stop in rows.select_related("shipment").order_by("place"):
        open_stops.setdefault(stop.manifest_id, []).append(stop)
    desk = Desk(
        assembled,
        manifests,
        {driver: open_stops.get(manifest.pk, []) for driver, manifest in manifests.items()},
    )
    _order(desk)
    return desk


def standing(environment_id: int, hub_ids: Iterable[int], service_date: date) -> dict[str, Manifest]:
    """The manifest each driver of these hubs goes by that day, by the driver's public id."""
    rows = Manifest.objects.for_environment(environment_id).filter(
        driver__hub__in=list(hub_ids), service_date=service_date, state__in=STANDING
    )
    found: dict[str, Manifest] = {}
    for manifest in rows.select_related("driver", "vehicle__type", "hub").order_by("pk"):
        known = found.get(manifest.driver.public_id)
        if known is None or known.state == Manifest.State.DRAFT:
            found[manifest.driver.public_id] = manifest
    return found


def _order(desk: Desk) -> None:
    """Orders by driver of what the problem knows, and what of it nobody has."""
    known = desk.assembled.parcels.keys()
    held: set[str] = set()
    for driver in desk.assembled.hands:
        mine = [stop.shipment.public_id for stop in desk.open.get(driver, [])]
        desk.orders[driver] = tuple(one for one in mine if one in known and one not in held)
        held.update(desk.orders[driver])
    elsewhere = {stop.shipment.public_id for stops in desk.open.values() for stop in stops}
    desk.tray = tuple(one for one in known if one not in held and one not in elsewhere)


def weigh(
    desk: Desk, before: Mapping[str, Order], after: Mapping[str, Order], touched: Iterable[str]
) -> tuple[Weighed, Weighed]:
    """The plan before and after, as far as these drivers and what they share rules with are concerned.

    Only their stops are timed: what other drivers do stays as it is and costs the same on both sides, but for the fair
    share of hours and metres, for which the others count as their manifests say.
    """
    drivers = _concerned(desk, set(touched), before, after)
    stops = {stop for orders in (before, after) for driver in drivers for stop in orders.get(driver, ())}
    problem = _narrowed(desk.brief, drivers, stops)
    scales = Scales(problem)
    weighed = [
        scales.weigh({driver: orders.get(driver, ()) for driver in drivers}) for orders in (before, after)
    ]
    return _fair(desk, problem, drivers, weighed[0]), _fair(desk, problem, drivers, weighed[1])


def _concerned(
    desk: Desk, touched: set[str], before: Mapping[str, Order], after: Mapping[str, Order]
) -> list[str]:
    """The drivers touched, and those who hold what must go with, or apart from, a stop of theirs."""
    holders = {
        stop: driver for orders in (before, after) for driver, stops in orders.items() for stop in stops
    }
    mine = {stop for stop, driver in holders.items() if driver in touched}
    for group in (*desk.brief.together, *desk.brief.apart):
        if mine.intersection(group):
            touched |= {holders[stop] for stop in group if stop in holders}
    return [driver for driver in desk.assembled.hands if driver in touched]


def _narrowed(brief: Brief, drivers: list[str], stops: set[str]) -> Problem:
    """The same problem with these drivers and stops alone, its places numbered anew."""
    vehicles = [vehicle for vehicle in brief.vehicles if vehicle.id in drivers]
    begun = {visit.stop for vehicle in vehicles for visit in vehicle.begun}
    kept = [stop for stop in brief.stops if stop.id in stops or stop.id in begun]
    numbers: dict[int, int] = {}

    def number(place: int) -> int:
        return numbers.setdefault(place, len(numbers))

    def placed(vehicle: Vehicle) -> Vehicle:
        end = None if vehicle.end is None else number(vehicle.end)
        return replace(vehicle, start=number(vehicle.start), end=end)

    fresh_vehicles = tuple(placed(vehicle) for vehicle in vehicles)
    fresh_depots = tuple(replace(depot, place=number(depot.place)) for depot in brief.depots)
    fresh_stops: tuple[Stop, ...] = tuple(replace(stop, place=number(stop.place)) for stop in kept)
    return with_fields(
        brief,
        places=tuple(brief.places[place] for place in numbers),
        vehicles=fresh_vehicles,
        depots=fresh_depots,
        stops=fresh_stops,
    ).problem()


def _fair(desk: Desk, problem: Problem, drivers: list[str], weighed: Weighed) -> Weighed:
    """With the fairness term among all drivers of the day."""
    weights = problem.weights
    if not (weights.fair_hours_price or weights.fair_metres_price):
        return weighed
    lengths, hours, metres = [], [], []
    for vehicle in desk.brief.vehicles:
        route, manifest = weighed.routes.get(vehicle.id), desk.manifests.get(vehicle.id)
        if vehicle.id in drivers:
            done = (route.duration_s, route.distance_m) if route is not None else None
        else:
            done = None if manifest is None else (round(manifest.duration_s), round(manifest.distance_m))
        length = max(0, vehicle.shift_end_s - vehicle.shift_start_s)
        lengths.append(0 if weights.fair_among_used and done is None else length)
        hours.append(0 if done is None else done[0])
        metres.append(0 if done is None else done[1])
    fairness = weights.fair_hours_price * above_share(hours, lengths)
    fairness += weights.fair_metres_price * above_share(metres, lengths)
    return replace(weighed, terms={**weighed.terms, "fairness": fairness})
