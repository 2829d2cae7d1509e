"""Problems and plans as our JSON form; `jsonform.read_problem` gives an equal problem back."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import msgspec

from dispatch.optimiser.problem import Place, Problem
from dispatch.optimiser.solution import Solution
from dispatch.optimiser.travel.tables import Matrix, Table


def write_problem(problem: Problem) -> bytes:
    """The JSON form of a problem with its tables; `read_problem` gives an equal one back."""
    names = [place.name if _named(problem.places) else str(n) for n, place in enumerate(problem.places)]

    def times(thing: dict[str, Any], *fields: str) -> dict[str, Any]:
        return {name.removesuffix("_s") if name in fields else name: value for name, value in thing.items()}

    form: dict[str, Any] = {
        "milepost": 1,
        "places": [
            {"id": name, "longitude": p.longitude, "latitude": p.latitude}
            for name, p in zip(names, problem.places, strict=True)
        ],
        "travel": {"tables": {name: _written(table) for name, table in problem.travel.tables.items()}},
        "depots": [
            times(asdict(d) | {"place": names[d.place]}, "opens_s", "closes_s") for d in problem.depots
        ],
        "vehicles": [_vehicle(asdict(one), names, times) for one in problem.vehicles],
        "stops": [
            asdict(one)
            | {"place": names[one.place], "skills": sorted(one.skills), "never": sorted(one.never)}
            | {"only": None if one.only is None else sorted(one.only)}
            | {"slots": [times(asdict(s), "earliest_s", "latest_s", "late_limit_s") for s in one.slots]}
            for one in problem.stops
        ],
        "together": problem.together,
        "apart": problem.apart,
        "weights": asdict(problem.weights),
        "now": problem.now_s,
        "must_serve": problem.must_serve,
    }
    return json.dumps(form, separators=(",", ":")).encode()


def _named(places: Iterable[Place]) -> bool:
    names = [place.name for place in places]
    return all(names) and len(set(names)) == len(names)


def _vehicle(one: dict[str, Any], names: list[str], times: Any) -> dict[str, Any]:
    one |= {
        "start": names[one["start"]],
        "end": None if one["end"] is None else names[one["end"]],
        "skills": sorted(one["skills"]),
        "breaks": [times(rest, "earliest_s", "latest_s") for rest in one["breaks"]],
        "begun": [times(visit, "arrive_s", "start_s", "end_s") for visit in one["begun"]],
    }
    written: dict[str, Any] = times(one, "shift_start_s", "shift_end_s", "left_s")
    return written


def _written(table: Table) -> dict[str, Any]:
    def rows(matrix: Matrix) -> list[list[int | None]]:
        return [[None if value < 0 else value for value in row] for row in matrix.tolist()]

    return {
        "distance_m": rows(table.distance_m),
        "durations_s": [rows(matrix) for matrix in table.durations_s],
        "starts": table.starts_s,
    }


def write_solution(solution: Solution) -> bytes:
    """A plan as JSON, field by field as `solution.py` has them."""
    return msgspec.json.encode(solution)
