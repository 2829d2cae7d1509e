"""The smallest changes that would serve a stop: longer shifts, wider slots, more room, another vehicle, another out.

Each is found on the plan as it is and then confirmed: the changed problem is planned again from there, and the answer
verified. Times are given in whole minutes, rounded up, and confirmed as given.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.insertion import best_insertion, cheapest
from dispatch.optimiser.lift import plan_from
from dispatch.optimiser.near import Near
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.polish import polish
from dispatch.optimiser.problem import Vehicle
from dispatch.optimiser.stop import Iterations, Stop
from dispatch.optimiser.timing import Refusal
from dispatch.optimiser.verification import verify

MINUTE = 60
MOST_S = 12 * 3600  # no wider change is looked for
CONFIRM_STEPS = 12  # of polish, when a change is confirmed
NEAREST_OUT = 12  # stops tried for leaving out
MOST_TRIED = 6  # vehicles tried for each kind of change, the nearest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change that serves the stop.

    `change` is one of slot_later, slot_earlier, shift_later, shift_earlier, longer_hours, longer_way, room, skill,
    loads_at, one_more, instead_of. `by` is how much of `unit`; `vehicle` and `other` say whose; `cost` is what the
    changed plan costs more than the present one, the price of the unserved stop taken off.
    """

    change: str
    by: int = 0
    unit: str = ""
    vehicle: str | None = None
    other: str | None = None
    cost: int = 0
    says: str = ""


@dataclass(frozen=True, slots=True)
class _Trial:
    """A change with the problem it makes, before it is confirmed."""

    remedy: Remedy
    ix: Indexed
    lost: int | None = None  # the stop it gives up


def remedies_for(plan: Plan, stop: int, until: Stop) -> tuple[Remedy, ...]:
    """Confirmed changes that serve `stop`, the smallest first. Stops looking when `until` says so."""
    confirmed: list[Remedy] = []
    for finder in (_slots, _shifts, _limits, _room, _able, _one_more, _instead):
        for trial in finder(plan, stop):
            if until(None):
                return _sorted(confirmed)
            remedy = _confirm(plan, stop, trial)
            if remedy is not None:
                confirmed.append(remedy)
                break  # the finder gives its smallest first
    return _sorted(confirmed)


# People would rather move a clock by minutes than find a driver, and a driver than drop somebody.
_RANK = {"room": 1, "skill": 1, "loads_at": 1, "one_more": 2, "instead_of": 3}


def _sorted(found: list[Remedy]) -> tuple[Remedy, ...]:
    return tuple(sorted(found, key=lambda one: (_RANK.get(one.change, 0), one.by, one.cost)))


def _confirm(plan: Plan, stop: int, trial: _Trial) -> Remedy | None:
    """Plan the changed problem again, from the present plan; the stop must be served and no other be lost."""
    again = _begun_from(plan, trial)
    if again is None:
        return None
    place = cheapest(again, stop, range(len(trial.ix.vehicles)), most=4)
    if place is None:
        return None
    again.put({place.vehicle: place.order})
    again = polish(again, Iterations(CONFIRM_STEPS), seed=stop)
    wanted = {s for s in plan.at if s != trial.lost} | {stop}
    solution = again.solution()
    if not wanted <= set(again.at) or not verify(trial.ix.problem, solution).feasible:
        return None
    given_up = plan.ix.price[trial.lost] if trial.lost is not None and trial.lost in again.unserved else 0
    return replace(trial.remedy, cost=again.cost + given_up - (plan.cost - plan.ix.price[stop]))


def _begun_from(plan: Plan, trial: _Trial) -> Plan | None:
    """The present plan on the changed problem, without the stop that is given up."""
    if len(trial.ix.vehicles) != len(plan.orders):
        names = {
            plan.ix.vehicles[v].id: [plan.ix.stops[s].id for s in o] for v, o in enumerate(plan.orders) if o
        }
        return plan_from(trial.ix, names)
    again = _on(plan, trial.ix)
    if trial.lost is not None:
        home = plan.at[trial.lost]
        without = {home: tuple(s for s in plan.orders[home] if s != trial.lost)}
        if isinstance(again.price(without), Refusal):
            return None
        again.put(without)
    return again


def _near_vehicles(plan: Plan, stop: int) -> list[int]:
    """Vehicles that come by or start near, those that may serve the stop only."""
    return [v for v in _all_near(plan, stop) if plan.ix.allowed[v, stop]][:MOST_TRIED]


def _all_near(plan: Plan, stop: int) -> list[int]:
    near = Near(plan.ix)
    return list(dict.fromkeys([*near.vehicles(plan, stop, 24, 0), *near.by_start(stop)]))


def _slots(plan: Plan, stop: int) -> Iterator[_Trial]:
    """The least widening of any one slot, at its end or at its beginning."""
    vehicles = _near_vehicles(plan, stop)
    found = []
    for number in range(len(plan.ix.stops[stop].slots)):
        for change, edge in (("slot_later", "ends {} min later"), ("slot_earlier", "begins {} min earlier")):
            widened = _Widened(plan.ix, stop, number, change)
            by = _least(lambda by, wide=widened: _fits(plan, wide(by), stop, vehicles))  # type: ignore[misc] # bound early
            if by is not None:
                says = "served if its slot " + edge.format(by // MINUTE)
                found.append(_Trial(Remedy(change=change, by=by, unit="s", says=says), widened(by)))
    yield from sorted(found, key=lambda trial: trial.remedy.by)


@dataclass(frozen=True, slots=True)
class _Widened:
    """The problem with one slot of a stop wider by some seconds."""

    ix: Indexed
    stop: int
    number: int
    change: str

    def __call__(self, by: int) -> Indexed:
        one = self.ix.stops[self.stop]
        slot = one.slots[self.number]
        if self.change == "slot_earlier":
            wide = replace(slot, earliest_s=slot.earliest_s - by)
        else:
            limit = None if slot.late_limit_s is None else slot.late_limit_s + by
            wide = replace(slot, latest_s=slot.latest_s + by, late_limit_s=limit)
        slots = (*one.slots[: self.number], wide, *one.slots[self.number + 1 :])
        return self.ix.with_stop(self.stop, replace(one, slots=slots))


def _least(works: Callable[[int], bool]) -> int | None:
    """The least whole minutes up to MOST_S for which it works, as seconds; None where not even those do."""
    if not works(MOST_S):
        return None
    low, high = 0, MOST_S // MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle * MINUTE) else (middle, high)
    return high * MINUTE


def _fits(plan: Plan, ix: Indexed, stop: int, vehicles: list[int]) -> bool:
    return any(best_insertion(_on(plan, ix), stop, vehicle, most=1) is not None for vehicle in vehicles)


def _on(plan: Plan, ix: Indexed) -> Plan:
    """The plan on a problem that forbids less."""
    other = plan.copy()
    other.ix = ix
    return other


def _changed_vehicles(
    plan: Plan,
    stop: int,
    change: str,
    unit: str,
    changed: Callable[[Vehicle, int], Vehicle | None],
    says: str,
) -> Iterator[_Trial]:
    """The least change of one number of a vehicle, for each that is near; the smallest first."""
    found = []
    for vehicle in _near_vehicles(plan, stop):
        one = plan.ix.vehicles[vehicle]
        if changed(one, MOST_S) is None:
            continue

        def works(by: int, vehicle: int = vehicle, one: Vehicle = one) -> bool:
            other = changed(one, by)
            return other is not None and _fits(plan, plan.ix.with_vehicle(vehicle, other), stop, [vehicle])

        by = _least(works)
        other = None if by is None else changed(one, by)
        if by is not None and other is not None:
            told = says.format(who=one.id, minutes=by // MINUTE, by=by)
            remedy = Remedy(change=change, by=by, unit=unit, vehicle=one.id, says=told)
            found.append(_Trial(remedy, plan.ix.with_vehicle(vehicle, other)))
    yield from sorted(found, key=lambda trial: trial.remedy.by)


def _shifts(plan: Plan, stop: int) -> Iterator[_Trial]:
    def later(one: Vehicle, by: int) -> Vehicle:
        return replace(one, shift_end_s=one.shift_end_s + by)

    def earlier(one: Vehicle, by: int) -> Vehicle | None:
        now = plan.ix.problem.now_s
        if one.left_s is not None or one.begun or (now is not None and one.shift_start_s - by < now):
            return None
        return replace(one, shift_start_s=one.shift_start_s - by)

    yield from sorted(
        [
            *_changed_vehicles(
                plan, stop, "shift_later", "s", later, "served if {who} works {minutes} min longer"
            ),
            *_changed_vehicles(
                plan, stop, "shift_earlier", "s", earlier, "served if {who} begins {minutes} min earlier"
            ),
        ],
        key=lambda trial: trial.remedy.by,
    )


def _limits(plan: Plan, stop: int) -> Iterator[_Trial]:
    def hours(one: Vehicle, by: int) -> Vehicle | None:
        return None if one.max_duration_s is None else replace(one, max_duration_s=one.max_duration_s + by)

    def way(one: Vehicle, by: int) -> Vehicle | None:
        return None if one.max_distance_m is None else replace(one, max_distance_m=one.max_distance_m + by)

    said = "served if {who} may be on the road {minutes} min longer"
    yield from _changed_vehicles(plan, stop, "longer_hours", "s", hours, said)
    yield from _changed_vehicles(plan, stop, "longer_way", "m", way, "served if {who} may drive {by} m more")


def _room(plan: Plan, stop: int) -> Iterator[_Trial]:
    """The least more room in one unit on one vehicle."""
    ix, found = plan.ix, []
    for vehicle in _near_vehicles(plan, stop):
        one = ix.vehicles[vehicle]
        for u, unit in enumerate(ix.units):
            limit = ix.capacity[vehicle][u]
            load = sum(max(ix.deliver[s][u], ix.collect[s][u]) for s in (*plan.orders[vehicle], stop))
            if limit is None or load <= limit:
                continue
            roomy = replace(one, capacity={**one.capacity, unit: load})
            if _fits(plan, ix.with_vehicle(vehicle, roomy), stop, [vehicle]):
                by = load - limit
                remedy = Remedy(
                    change="room",
                    by=by,
                    unit=unit,
                    vehicle=one.id,
                    says=f"served if {one.id} had room for {by} {unit} more",
                )
                found.append(_Trial(remedy, ix.with_vehicle(vehicle, roomy)))
    yield from sorted(found, key=lambda trial: trial.remedy.by)


def _able(plan: Plan, stop: int) -> Iterator[_Trial]:
    """A vehicle near by that one thing keeps from serving it at all: a skill, or where it loads."""
    ix = plan.ix
    wanted = ix.stops[stop]
    tried = 0
    for vehicle in (v for v in _all_near(plan, stop) if not ix.allowed[v, stop]):
        one = ix.vehicles[vehicle]
        missing = wanted.skills - one.skills
        changed = [
            (
                Remedy(
                    change="skill",
                    by=len(missing),
                    vehicle=one.id,
                    says=f"served if {one.id} had {', '.join(sorted(missing))}",
                ),
                replace(one, skills=one.skills | missing),
            )
        ]
        if not missing and wanted.depot is not None:
            remedy = Remedy(
                change="loads_at", by=1, vehicle=one.id, says=f"served if {one.id} loaded at {wanted.depot}"
            )
            known = any(depot.id == wanted.depot for depot in ix.problem.depots)
            changed = [(remedy, replace(one, load_at=wanted.depot))] if known and one.load_at is None else []
        for remedy, other in changed:
            tried += 1
            able = ix.with_vehicle(vehicle, other)
            if able.allowed[vehicle, stop] and _fits(plan, able, stop, [vehicle]):
                yield _Trial(remedy, able)
        if tried >= MOST_TRIED:
            return


def _one_more(plan: Plan, stop: int) -> Iterator[_Trial]:
    """One more of a kind of vehicle that is there, fresh from its start; the cheapest kind first."""
    ix = plan.ix
    kinds: dict[object, int] = {}
    for vehicle, one in enumerate(ix.vehicles):
        if not one.begun and one.left_s is None:
            kinds.setdefault(
                (one.kind, one.profile, one.skills, one.start, tuple(sorted(one.capacity.items()))), vehicle
            )
    for vehicle in sorted(kinds.values(), key=lambda v: ix.vehicles[v].fixed_price):
        one = ix.vehicles[vehicle]
        fresh = replace(one, id=f"{one.id}+1", previous=())
        only = ix.stops[stop].only
        if only is not None and fresh.id not in only:
            return
        problem = replace(ix.problem, vehicles=(*ix.vehicles, fresh))
        says = f"served with one more {one.kind or 'vehicle like ' + one.id}"
        yield _Trial(Remedy(change="one_more", by=1, vehicle=one.id, says=says), Indexed(problem))


def _instead(plan: Plan, stop: int) -> Iterator[_Trial]:
    """In place of a served stop nearby, the one cheapest to leave out first."""
    ix = plan.ix
    near = [s for s in Near(ix).stops(stop, 2 * NEAREST_OUT) if s in plan.at][:NEAREST_OUT]
    for other in sorted(near, key=lambda s: ix.price[s]):
        vehicle = plan.at[other]
        rest = tuple(s for s in plan.orders[vehicle] if s != other)
        if best_insertion(plan, stop, vehicle, rest, most=1) is not None:
            name = ix.stops[other].id
            remedy = Remedy(
                change="instead_of",
                by=1,
                vehicle=ix.vehicles[vehicle].id,
                other=name,
                says=f"served in place of {name}",
            )
            # worth nothing while this is confirmed, or the planner would put it back in the other's place
            worthless = ix.with_stop(other, replace(ix.stops[other], unserved_price=0))
            yield _Trial(remedy, worthless, lost=other)
