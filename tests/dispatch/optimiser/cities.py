"""Made-up problems for tests: small cities with everything a plan can depend on, drawn from a seed."""

import random
from dataclasses import replace
from typing import Any

import numpy as np

from dispatch.optimiser.problem import Begun, Break, Depot, Place, Problem, Slot, Stop, Vehicle, Weights
from dispatch.optimiser.travel import Table, Travel

HOUR = 3600
DAWN = 6 * HOUR


def grid_travel(points: list[tuple[int, int]], *, by_hour: bool = False, skew: float = 0.0) -> Travel:
    """Street metres between points, 10 m/s, half as fast from 8:00 to 10:00 when `by_hour`; east costs `skew` more."""
    xy = np.array(points, np.int64).reshape(-1, 2)
    dx = xy[None, :, 0] - xy[:, None, 0]
    distance = np.abs(dx) + np.abs(xy[None, :, 1] - xy[:, None, 1])
    distance = distance + (skew * np.maximum(dx, 0)).astype(np.int64)
    duration = distance // 10
    if not by_hour:
        return Travel({"default": Table(distance, (duration,))})
    return Travel({"default": Table(distance, (duration, 2 * duration, duration), (0, 8 * HOUR, 10 * HOUR))})


def problem_of(
    points: list[tuple[int, int]], stops: list[Stop], vehicles: list[Vehicle], **more: Any
) -> Problem:
    """A problem on a street grid; place 0 is the hub by habit."""
    travel = more.pop("travel", None) or grid_travel(points)
    places = tuple(Place(name=str(n)) for n in range(len(points)))
    return Problem(places=places, travel=travel, stops=tuple(stops), vehicles=tuple(vehicles), **more)


def driver(name: str, **more: Any) -> Vehicle:
    """Begins and ends at the hub, works from 6:00 to 14:00."""
    told = {"start": 0, "end": 0, "shift_start_s": DAWN, "shift_end_s": DAWN + 8 * HOUR, **more}
    return Vehicle(id=name, **told)


def rich(seed: int, size: int = 8, crews: int = 3) -> Problem:
    """A small problem with a chance of each feature."""
    rng = random.Random(seed)
    points = [(rng.randrange(0, 12000), rng.randrange(0, 12000)) for _ in range(size + 1 + crews)]
    weights = Weights(
        change_driver_price=rng.choice([0, 0, 900]),
        change_order_price=rng.choice([0, 0, 300]),
        fair_hours_price=rng.choice([0, 0, 1]),
        fair_metres_price=rng.choice([0, 0, 1]),
        fair_among_used=rng.random() < 0.3,
        unserved_price=rng.choice([None, None, 20000]),
    )
    names = [f"s{n}" for n in range(size)]
    vehicles = [_crew(rng, n, size, points) for n in range(crews)]
    stops = [_stop(rng, n, vehicles) for n in range(size)]
    if weights.change_driver_price or weights.change_order_price:
        vehicles = _known(rng, vehicles, names)
    vehicles = _begun(rng, vehicles, stops)
    groups = [tuple(rng.sample(names, 2)) for _ in range(2)]
    return problem_of(
        points,
        stops,
        vehicles,
        travel=grid_travel(points, by_hour=rng.random() < 0.4, skew=rng.choice([0.0, 0.5])),
        depots=(Depot(id="hub", place=0, opens_s=DAWN + 600, closes_s=DAWN + 6 * HOUR, loading_s=300),),
        together=(groups[0],) if rng.random() < 0.4 else (),
        apart=(groups[1],) if rng.random() < 0.4 else (),
        weights=weights,
        now_s=rng.choice([None, DAWN + 900]),
    )


def _crew(rng: random.Random, n: int, size: int, points: list[tuple[int, int]]) -> Vehicle:
    own = size + 1 + n
    noon = DAWN + rng.randrange(2, 5) * HOUR
    return driver(
        f"v{n}",
        start=rng.choice([0, own]),
        end=rng.choice([0, own, None]),
        load_at=rng.choice([None, "hub"]),
        shift_end_s=DAWN + rng.choice([2, 3, 8]) * HOUR,
        breaks=(Break(earliest_s=noon, latest_s=noon + HOUR, duration_s=1200),) if rng.random() < 0.4 else (),
        capacity={"parcels": rng.choice([0, 3, 6]), "kg": rng.choice([20, 60])} if rng.random() < 0.8 else {},
        skills=frozenset(rng.sample(["cold", "cash"], rng.randrange(0, 3))),
        max_duration_s=rng.choice([None, None, 3 * HOUR]),
        max_distance_m=rng.choice([None, None, 40000]),
        overtime_after_s=rng.choice([None, HOUR]),
        overtime_price=rng.choice([0, 2]),
        fixed_price=rng.choice([0, 5000]),
        second_price=rng.choice([0, 1]),
    )


def _stop(rng: random.Random, n: int, vehicles: list[Vehicle]) -> Stop:
    slots = []
    for _ in range(rng.choice([0, 1, 1, 2])):
        begin = DAWN + rng.randrange(0, 5) * HOUR
        soft = rng.random() < 0.4
        slots.append(
            Slot(
                earliest_s=begin,
                latest_s=begin + rng.choice([1, 2]) * HOUR,
                late_price=rng.choice([1, 5]) if soft else None,
                early_price=rng.choice([None, 2]) if soft else None,
                late_limit_s=begin + 3 * HOUR if soft and rng.random() < 0.5 else None,
            )
        )
    return Stop(
        id=f"s{n}",
        place=n + 1,
        slots=tuple(slots),
        service_s=rng.choice([0, 300, 600]),
        deliver={"parcels": rng.randrange(0, 3), "kg": rng.randrange(0, 15)},
        collect={"parcels": 1} if rng.random() < 0.2 else {},
        skills=frozenset(rng.sample(["cold", "cash"], rng.choice([0, 0, 0, 1]))),
        priority=rng.choice([1, 1, 3]),
        depot=rng.choice([None, None, None, "hub"]),
        only=frozenset({rng.choice(vehicles).id}) if rng.random() < 0.1 else None,
        never=frozenset({rng.choice(vehicles).id}) if rng.random() < 0.1 else frozenset(),
    )


def _known(rng: random.Random, vehicles: list[Vehicle], names: list[str]) -> list[Vehicle]:
    shuffled = rng.sample(names, len(names) - 2)
    return [replace(v, previous=tuple(shuffled[n :: len(vehicles)])) for n, v in enumerate(vehicles)]


def _begun(rng: random.Random, vehicles: list[Vehicle], stops: list[Stop]) -> list[Vehicle]:
    if rng.random() < 0.6:
        return vehicles
    stop = rng.choice(stops)
    visit = Begun(stop=stop.id, arrive_s=DAWN + 1200, start_s=DAWN + 1300, end_s=DAWN + 1500)
    return [replace(vehicles[0], begun=(visit,), left_s=DAWN + 60), *vehicles[1:]]
