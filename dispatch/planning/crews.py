"""Who can drive a plan: drivers on shift as the optimiser's vehicles, each from where they are with what they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dispatch.fleet.hours import Break as Rest
from dispatch.fleet.hours import Interval
from dispatch.fleet.models import Driver
from dispatch.fleet.selectors import DriverOnShift, LastPlace
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.optimiser.problem import Begun, Break, Vehicle
from dispatch.planning.candidates import UNIT
from dispatch.planning.places import Places
from dispatch.planning.prices import OVERTIME_MOST_S, Prices, per_metre, per_second
from dispatch.planning.ways import profile_of

MOST_ROOM = 10**12  # of any unit: as good as no limit, and a number that every engine can count with
FRESH_S = 600  # a place older than this is where the driver was, not where they are
GRACE = timedelta(hours=4)  # for one who is on the way although no shift says so

State = ManifestStop.State


@dataclass
class Hand:
    """One driver of a plan: hours, vehicle, the manifest in force if any, and the plan people know."""

    on: DriverOnShift
    depot: str
    depot_place: tuple[float, float]
    in_force: Manifest | None = None
    stops: Sequence[ManifestStop] = ()  # of the manifest in force
    known: Sequence[str] = ()  # public ids of the parcels that the last plan gave them, in order
    last: LastPlace | None = None
    extra_places: dict[str, int] = field(default_factory=dict)

    @property
    def driver(self) -> Driver:
        return self.on.driver

    @property
    def on_the_way(self) -> bool:
        return self.in_force is not None and self.in_force.state == Manifest.State.IN_PROGRESS

    @property
    def on_foot(self) -> bool:
        """To be sent out without a vehicle."""
        return self.on.vehicle is None and not self.on_the_way


def one_each(crew: Sequence[DriverOnShift]) -> list[DriverOnShift]:
    """One entry a driver: a day in two shifts is one shift with a break as long as the gap."""
    found: dict[int, DriverOnShift] = {}
    for on in sorted(crew, key=lambda one: one.interval.start):
        before = found.get(on.driver.pk)
        if before is None:
            found[on.driver.pk] = on
            continue
        gap = Rest(before.end, before.end, int((on.start - before.end).total_seconds()))
        joined = Interval(before.start, on.end, (*before.breaks, gap, *on.breaks))
        found[on.driver.pk] = replace(before, interval=joined)
    return list(found.values())


def on_the_way_without_a_shift(manifest: Manifest, driver: Driver, *, now: datetime) -> DriverOnShift:
    """A driver who is out although no shift says so (any more): until the route was to end, or a while longer."""
    until = max(manifest.ends_at or now, now + GRACE)
    begun = manifest.begun_at or now
    vehicle = manifest.vehicle
    return DriverOnShift(
        driver=driver,
        interval=Interval(begun, until),
        vehicle=vehicle,
        vehicle_type=vehicle.type if vehicle else None,
        capacities={},
    )


def absent(manifest: Manifest, driver: Driver) -> DriverOnShift:
    """A driver who has a manifest and no shift: with no time at all, so that nothing fits and all can be taken away."""
    begins = manifest.starts_at or manifest.created_at
    vehicle = manifest.vehicle
    return DriverOnShift(
        driver=driver,
        interval=Interval(begins, begins),
        vehicle=vehicle,
        vehicle_type=vehicle.type if vehicle else None,
        capacities={},
    )


def vehicle_of(hand: Hand, places: Places, prices: Prices, *, epoch: datetime, now: datetime) -> Vehicle:
    """The driver as the optimiser sees them, in seconds since `epoch`."""
    kind = hand.on.vehicle_type
    start = hand.depot_place
    fresh = hand.last is not None and hand.last.age_s <= FRESH_S
    if hand.last is not None and fresh and hand.on.start <= now:
        start = (hand.last.longitude, hand.last.latitude)
    shift_end = hand.on.end
    if hand.on_the_way and hand.in_force is not None and hand.in_force.ends_at is not None:
        shift_end = max(shift_end, hand.in_force.ends_at)  # who is late already is not stranded with goods
    left = (hand.in_force.begun_at or now) if hand.on_the_way and hand.in_force is not None else None
    overtime = per_second(prices["overtime_per_hour"])
    length_s = int((shift_end - hand.on.start).total_seconds())
    return Vehicle(
        id=hand.driver.public_id,
        start=places.number(*start),
        end=_end(hand, places),
        shift_start_s=_second(hand.on.start, epoch),
        shift_end_s=_second(shift_end, epoch) + (OVERTIME_MOST_S if overtime and length_s > 0 else 0),
        load_at=None if hand.on_the_way else hand.depot,
        breaks=tuple(_break(rest, epoch) for rest in hand.on.breaks if rest.latest >= now),
        capacity={unit: int(min(amount, MOST_ROOM) * UNIT) for unit, amount in _room(hand, prices).items()},
        skills=hand.on.skills,
        profile=profile_of(kind.speed_factor if kind else 1.0),
        overtime_after_s=length_s if overtime else None,
        overtime_price=overtime,
        fixed_price=per_metre(kind.cost_fixed * 1000) if kind else 0,
        metre_price=per_metre(kind.cost_per_km if kind else 1.0),
        second_price=per_second(kind.cost_per_hour) if kind else 0,
        begun=_begun(hand, epoch, now),
        left_s=_second(left, epoch) if left is not None else None,
        previous=tuple(hand.known),
    )


def _room(hand: Hand, prices: Prices) -> Mapping[str, float]:
    """What they can carry, by unit. Who is out takes nothing more on, and keeps what they have however much it is."""
    return prices.on_foot() if hand.on_foot else hand.on.capacities


def prefix_of(hand: Hand) -> list[ManifestStop]:
    """Visits that are done or under way, in the order in which they were begun."""
    if not hand.on_the_way:
        return []
    done = [stop for stop in hand.stops if stop.state in (State.ARRIVED, State.DELIVERED, State.FAILED)]
    return sorted(done, key=lambda stop: (stop.arrived_at or stop.planned_arrival, stop.pk))


def _begun(hand: Hand, epoch: datetime, now: datetime) -> tuple[Begun, ...]:
    """The frozen prefix, with times that never run backwards whatever the phone's clock said."""
    if not hand.on_the_way or hand.in_force is None:
        return ()
    clock, begun = _second(hand.in_force.begun_at or now, epoch), []
    for stop in prefix_of(hand):
        arrive = max(clock, _second(stop.arrived_at or stop.planned_arrival, epoch))
        length = max(0, int((stop.planned_departure - stop.planned_arrival).total_seconds()))
        # one that is being served ends when it was reckoned to, or now if that is over
        ended = stop.finished_at or max(now, (stop.arrived_at or now) + timedelta(seconds=length))
        clock = max(arrive, _second(ended, epoch))
        begun.append(Begun(stop=stop.public_id, arrive_s=arrive, start_s=arrive, end_s=clock))
    return tuple(begun)


def _end(hand: Hand, places: Places) -> int | None:
    if hand.on.ends_at == Driver.EndsAt.ANYWHERE:
        return None
    home = hand.on.home
    if hand.on.ends_at == Driver.EndsAt.HOME and home is not None:
        return places.number(*home)
    return places.number(*hand.depot_place)


def _break(rest: Rest, epoch: datetime) -> Break:
    return Break(
        earliest_s=_second(rest.earliest, epoch),
        latest_s=_second(rest.latest, epoch),
        duration_s=rest.duration_s,
    )


def _second(moment: datetime, epoch: datetime) -> int:
    return round((moment - epoch).total_seconds())
