"""The cost of a plan counted from its own times, for the verification; shares no line with `cost.py`."""

from fractions import Fraction
from math import floor

from dispatch.optimiser.problem import Problem, Vehicle, unserved_prices
from dispatch.optimiser.solution import Route, Solution


def recount(problem: Problem, solution: Solution) -> dict[str, int]:
    """Every term by name, in the problem's cost unit. Routes of vehicles that are not there count nothing."""
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    driven = [(vehicles[route.vehicle], route) for route in solution.routes if route.vehicle in vehicles]
    late, early = _slots(problem, driven)
    prices = unserved_prices(problem)
    return {
        "distance": sum(vehicle.metre_price * route.distance_m for vehicle, route in driven),
        "duration": sum(vehicle.second_price * (route.end_s - route.leave_s) for vehicle, route in driven),
        "fixed": sum(vehicle.fixed_price for vehicle, _ in driven),
        "overtime": sum(vehicle.overtime_price * _overtime_s(vehicle, route) for vehicle, route in driven),
        "late": late,
        "early": early,
        "unserved": sum(prices.get(stop_id, 0) for stop_id in solution.unserved),
        "change": _change(problem, solution),
        "fairness": _fairness(problem, driven),
    }


def _overtime_s(vehicle: Vehicle, route: Route) -> int:
    if vehicle.overtime_after_s is None:
        return 0
    return max(route.end_s - route.leave_s - vehicle.overtime_after_s, 0)


def _slots(problem: Problem, driven: list[tuple[Vehicle, Route]]) -> tuple[int, int]:
    """What lateness and earliness cost; what was begun is history and costs nothing."""
    stops = {stop.id: stop for stop in problem.stops}
    late = early = 0
    for vehicle, route in driven:
        for visit in route.visits[len(vehicle.begun) :]:
            stop = stops.get(visit.stop)
            if stop is None or visit.slot is None or not 0 <= visit.slot < len(stop.slots):
                continue
            slot = stop.slots[visit.slot]
            late += (slot.late_price or 0) * max(visit.start_s - slot.latest_s, 0)
            early += (slot.early_price or 0) * max(slot.earliest_s - visit.start_s, 0)
    return late, early


def _change(problem: Problem, solution: Solution) -> int:
    """Known stops that another driver has or nobody, and those after another known stop of their driver than before."""
    weights = problem.weights
    if not (weights.change_driver_price or weights.change_order_price):
        return 0
    stops = {stop.id for stop in problem.stops}
    begun = {visit.stop for vehicle in problem.vehicles for visit in vehicle.begun}
    now = {route.vehicle: route.stops for route in solution.routes}
    has = {stop_id: vehicle_id for vehicle_id, order in now.items() for stop_id in order}
    moved = turned = 0
    claimed: set[str] = set()
    for vehicle in problem.vehicles:
        known = [s for s in dict.fromkeys(vehicle.previous) if s in stops and s not in claimed]
        claimed.update(known)
        moved += sum(1 for s in known if has.get(s) != vehicle.id and s not in begun)
        stayed = [s for s in known if has.get(s) == vehicle.id]
        turned += _turned(stayed, [s for s in now.get(vehicle.id, ()) if s in set(stayed)])
    return weights.change_driver_price * moved + weights.change_order_price * turned


def _turned(before: list[str], after: list[str]) -> int:
    ahead_before = {s: before[n - 1] if n else None for n, s in enumerate(before)}
    ahead_after = {s: after[n - 1] if n else None for n, s in enumerate(after)}
    return sum(1 for s in before if ahead_before[s] != ahead_after[s])


def _fairness(problem: Problem, driven: list[tuple[Vehicle, Route]]) -> int:
    weights = problem.weights
    routes = {vehicle.id: route for vehicle, route in driven}
    among = [v for v in problem.vehicles if v.id in routes or not weights.fair_among_used]
    shifts = {v.id: max(v.shift_end_s - v.shift_start_s, 0) for v in among}
    whole = sum(shifts.values())
    if whole == 0:
        return 0
    hours = {v.id: routes[v.id].end_s - routes[v.id].leave_s if v.id in routes else 0 for v in among}
    metres = {v.id: routes[v.id].distance_m if v.id in routes else 0 for v in among}
    cost = 0
    for price, amounts in ((weights.fair_hours_price, hours), (weights.fair_metres_price, metres)):
        if price:
            total = sum(amounts.values())
            above = sum(
                (
                    max(Fraction(0), amount - Fraction(total * shifts[v], whole))
                    for v, amount in amounts.items()
                ),
                Fraction(0),
            )
            cost += price * floor(above)
    return cost
