"""From the problem to the compact form of the engines, and plans of it back and forth.

What the compact form cannot say is said as nearly as it can: soft slots become alternatives with a lower prize, hours
of the day a mean over the hours in which a place is left, rests an earlier end of the shift, the price on changing
drivers a surcharge by vehicle. `plan_of` and `polish` then work on the exact problem.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.optimiser.core import FOREVER, NO_GROUP, Clients, Core, CoreRoute, CoreSolution, VehicleType
from dispatch.optimiser.cost import unserved_cost
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.nodes import Nodes
from dispatch.optimiser.windows import Choice, choices

# Each is one more dimension of load in every move an engine tries; further groups are left to the polish.
MOST_APART = 4

Orders = Iterable[tuple[int, Sequence[int]]]


@dataclass(frozen=True, eq=False)
class Lowered:
    """The compact problem and what its numbers stand for."""

    ix: Indexed
    core: Core
    stop_of: tuple[int, ...]  # by client
    clients_of: Mapping[int, tuple[int, ...]]  # by stop
    vehicles_of: tuple[tuple[int, ...], ...]  # by vehicle type

    def orders(self, solution: CoreSolution) -> list[tuple[int, tuple[int, ...]]]:
        """An engine's routes as orders of stops by vehicle number."""
        free = [list(reversed(vehicles)) for vehicles in self.vehicles_of]
        return [
            (free[route.vehicle_type].pop(), tuple(self.stop_of[client] for client in route.visits))
            for route in solution.routes
            if free[route.vehicle_type]
        ]

    def start(self, orders: Orders, slots: Mapping[int, int | None] | None = None) -> CoreSolution:
        """Orders of stops as a start for an engine, each stop in the alternative of its slot where that is known."""
        type_of = {
            vehicle: number for number, vehicles in enumerate(self.vehicles_of) for vehicle in vehicles
        }
        routes = []
        for vehicle, order in orders:
            visits = tuple(
                self._client(stop, (slots or {}).get(stop)) for stop in order if stop in self.clients_of
            )
            if visits and vehicle in type_of:
                routes.append(CoreRoute(type_of[vehicle], visits))
        return CoreSolution(tuple(routes))

    def _client(self, stop: int, slot: int | None) -> int:
        clients = self.clients_of[stop]
        return clients[min(slot or 0, len(clients) - 1)]


def lower(ix: Indexed) -> Lowered:
    """The compact form of a problem. Vehicles whose shift is over have no part in it, nor stops without a slot."""
    vehicles = [v for v, one in enumerate(ix.vehicles) if one.shift_end_s >= ix.outsets[v].earliest_s]
    stops = [s for s in range(len(ix.stops)) if s not in ix.fixed_at]
    options = [(stop, choice) for stop in stops for choice in choices(ix, stop)]
    stop_of = [stop for stop, _ in options]
    nodes = Nodes(ix, stop_of, vehicles, [(choice.early, choice.late) for _, choice in options])
    clients, groups = _clients(ix, options, nodes)
    types, members = _types(ix, vehicles, stop_of, nodes)
    distances, durations = nodes.matrices()
    core = Core(
        distances=distances, durations=durations, clients=clients, depots=tuple(nodes.depots),
        vehicle_types=types, groups_required=groups, places=nodes.coordinates(),
    )  # fmt: skip
    clients_of: dict[int, tuple[int, ...]] = {}
    for client, stop in enumerate(stop_of):
        clients_of[stop] = (*clients_of.get(stop, ()), client)
    return Lowered(ix, core, tuple(stop_of), clients_of, members)


def with_shares(lowered: Lowered, share_s: Mapping[int, int]) -> Lowered:
    """The same with hours above `share_s` priced as overtime; matrices and clients are shared."""
    ix = lowered.ix
    types = tuple(
        _with_overtime(ix, members[0], one, share_s) for members, one in zip(
            lowered.vehicles_of, lowered.core.vehicle_types, strict=True
        )
    )  # fmt: skip
    return replace(lowered, core=replace(lowered.core, vehicle_types=types))


def with_allowed(lowered: Lowered, allowed: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]") -> Lowered:
    """The same where (vehicle, stop) pairs are forbidden besides; vehicles each become a type of their own."""
    ix = lowered.ix
    at = np.array(lowered.stop_of, np.int64)
    types, members = [], []
    for one, alike in zip(lowered.core.vehicle_types, lowered.vehicles_of, strict=True):
        for vehicle in alike:
            may = allowed[vehicle][at]
            types.append(replace(one, count=1, allowed=None if bool(may.all()) else may))
            members.append((vehicle,))
    core = replace(lowered.core, vehicle_types=tuple(types))
    return Lowered(ix, core, lowered.stop_of, lowered.clients_of, tuple(members))


def _clients(
    ix: Indexed, options: Sequence[tuple[int, Choice]], nodes: Nodes
) -> tuple[Clients, tuple[bool, ...]]:
    count, must = len(options), ix.problem.must_serve
    several = {a for (a, _), (b, _) in itertools.pairwise(options) if a == b}
    numbers = {stop: number for number, stop in enumerate(sorted(several))}
    prices = [unserved_cost(ix, stop) for stop, _ in options]
    apart = _apart(ix)
    units = max(len(ix.units) + len(apart), 1)

    def column(values: Iterable[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.fromiter(values, np.int64, count)

    def loads(
        rows: Sequence[tuple[int, ...]], apart_too: int
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
        amounts = [
            (*rows[stop], *(apart_too * (stop in group) for group in apart)) or (0,) for stop, _ in options
        ]
        return np.array(amounts, np.int64).reshape(count, units)

    alone = np.array([stop not in numbers for stop, _ in options], np.bool_)
    clients = Clients(
        location=column(nodes.location_of_client),
        delivery=loads(ix.deliver, 1), pickup=loads(ix.collect, 0),
        service=column(ix.service[stop] for stop, _ in options),
        early=column(choice.early for _, choice in options),
        late=column(choice.late for _, choice in options),
        release=np.zeros(count, np.int64),
        prize=column(max(p - choice.surcharge, 0) for p, (_, choice) in zip(prices, options, strict=True)),
        required=alone & must,
        group=column(numbers.get(stop, NO_GROUP) for stop, _ in options),
    )  # fmt: skip
    return clients, (must,) * len(numbers)


def _apart(ix: Indexed) -> list[frozenset[int]]:
    """The groups that are lowered, each as a unit of load of which every vehicle holds one."""
    return [group for group in ix.apart if len(group) > 1][:MOST_APART]


def _types(
    ix: Indexed, vehicles: Sequence[int], stop_of: Sequence[int], nodes: Nodes
) -> tuple[tuple[VehicleType, ...], tuple[tuple[int, ...], ...]]:
    """Vehicles that are alike in everything an engine sees are one type with a count."""
    at = np.array(stop_of, np.int64)
    found: dict[object, int] = {}
    types: list[VehicleType] = []
    members: list[list[int]] = []
    for vehicle in vehicles:
        one = _with_overtime(ix, vehicle, _type(ix, vehicle, at, nodes), {})
        key = _key(one)
        if key not in found:
            found[key] = len(types)
            types.append(one)
            members.append([])
        members[found[key]].append(vehicle)
    counted = [replace(one, count=len(alike)) for one, alike in zip(types, members, strict=True)]
    return tuple(counted), tuple(tuple(alike) for alike in members)


def _key(one: VehicleType) -> object:
    arrays = tuple(None if a is None else a.tobytes() for a in (one.allowed, one.extra))
    plain = replace(one, allowed=None, extra=None)
    return (*(getattr(plain, name) for name in plain.__dataclass_fields__), arrays)


def _type(
    ix: Indexed, vehicle: int, at: "np.ndarray[tuple[int], np.dtype[np.int64]]", nodes: Nodes
) -> VehicleType:
    one, outset = ix.vehicles[vehicle], ix.outsets[vehicle]
    gone_s = 0 if outset.left_s is None else outset.earliest_s - outset.left_s
    resting_s = sum(
        rest.duration_s for rest in one.breaks if outset.earliest_s <= rest.latest_s < one.shift_end_s
    )
    allowed = ix.allowed[vehicle][at]
    change, known = ix.problem.weights.change_driver_price, ix.known_vehicle[at]
    # no engine knows surcharges and collections both; without the first, the polish still counts every change
    priced = change > 0 and bool(ix.known_at) and not ix.collects
    extra = np.where((known >= 0) & (known != vehicle), change, 0) if priced else None
    limits = [max(ix.totals[u] if cap is None else cap, 0) for u, cap in enumerate(ix.capacity[vehicle])]
    apart = _apart(ix)
    aboard = [sum(ix.collect[stop][u] for stop in outset.prefix) for u in range(len(ix.units))]
    if any(load > limit for load, limit in zip(aboard, limits, strict=True)):
        allowed = np.zeros_like(allowed)  # it is overloaded already, and engines refuse to hear of that
        aboard = [min(load, limit) for load, limit in zip(aboard, limits, strict=True)]
    return VehicleType(
        capacity=(*limits, *(int(not group.intersection(outset.prefix)) for group in apart)) or (0,),
        start=nodes.start_of[vehicle], end=nodes.end_of[vehicle],
        early=max(outset.earliest_s, 0), late=max(one.shift_end_s - resting_s, outset.earliest_s, 0),
        max_duration=_left(one.max_duration_s, gone_s + resting_s),
        max_distance=_left(one.max_distance_m, outset.driven_m),
        fixed_cost=0 if outset.on_the_way else one.fixed_price,
        distance_cost=one.metre_price, duration_cost=one.second_price, profile=nodes.profile_of[vehicle],
        initial_load=(*aboard, *(0 for _ in apart)) if any(aboard) else (),
        allowed=None if bool(allowed.all()) else allowed, extra=extra,
    )  # fmt: skip


def _left(limit: int | None, used: int) -> int:
    return FOREVER if limit is None else max(limit - used, 0)


def _with_overtime(ix: Indexed, vehicle: int, one: VehicleType, share_s: Mapping[int, int]) -> VehicleType:
    """Real overtime where the vehicle has it; otherwise hours above the fair share as if they were."""
    mine, outset = ix.vehicles[vehicle], ix.outsets[vehicle]
    gone_s = 0 if outset.left_s is None else outset.earliest_s - outset.left_s
    if mine.overtime_after_s is not None:
        return replace(
            one, overtime_after=_left(mine.overtime_after_s, gone_s), overtime_cost=mine.overtime_price
        )
    if vehicle in share_s:
        price = ix.problem.weights.fair_hours_price
        return replace(one, overtime_after=_left(share_s[vehicle], gone_s), overtime_cost=price)
    return one
