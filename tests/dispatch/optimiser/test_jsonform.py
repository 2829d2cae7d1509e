"""Our JSON form: there and back is the same, and what is wrong is named with its path."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.optimiser import Iterations, solve
from dispatch.optimiser.jsonform import read_problem, read_solution
from dispatch.optimiser.jsonwriter import write_problem, write_solution
from dispatch.optimiser.problem import BadProblem
from tests.dispatch.optimiser.cities import HOUR, rich

SMALL: dict[str, Any] = {
    "epoch": "2026-11-23T00:00:00+05:30",
    "places": [{"id": "hub", "longitude": 72.87, "latitude": 19.07}],
    "vehicles": [{"id": "v", "start": "hub", "end": "hub", "shift_start": "06:00", "shift_end": "14:00"}],
    "stops": [
        {"id": "a", "place": [72.9, 19.1], "slots": ["2026-11-23T10:00:00+05:30/2026-11-23T12:00:00+05:30"]}
    ],
}


def small(**more) -> bytes:
    return json.dumps({**SMALL, **more}).encode()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_there_and_back_is_the_same_problem(seed: int) -> None:
    problem = rich(seed)
    again = read_problem(write_problem(problem))
    assert replace(again, travel=problem.travel) == problem
    table, other = problem.travel.tables["default"], again.travel.tables["default"]
    assert np.array_equal(table.distance_m, other.distance_m)
    assert all(np.array_equal(a, b) for a, b in zip(table.durations_s, other.durations_s, strict=True))
    assert table.starts_s == other.starts_s


def test_a_plan_goes_there_and_back() -> None:
    solution = solve(rich(5), Iterations(20), engine="savings")
    assert read_solution(write_solution(solution)) == solution


def test_dates_clock_times_and_coordinates_are_understood() -> None:
    problem = read_problem(small())
    assert problem.stops[0].slots[0].earliest_s == 10 * HOUR
    assert problem.vehicles[0].shift_end_s == 14 * HOUR
    assert len(problem.places) == 2
    assert problem.travel.tables["default"].distance_m[0, 1] > 4000


def test_a_slot_of_clock_times_may_cross_midnight() -> None:
    problem = read_problem(small(stops=[{"id": "a", "place": "hub", "slots": ["22:00/02:00"]}]))
    slot = problem.stops[0].slots[0]
    assert (slot.earliest_s, slot.latest_s) == (22 * HOUR, 26 * HOUR)


def test_null_in_a_table_is_no_way() -> None:
    tables = {"default": {"distance_m": [[0, None], [5, 0]], "durations_s": [[[0, 1], [1, 0]]]}}
    places = [{"id": "hub"}, {"id": "sea"}]
    problem = read_problem(
        small(places=places, travel={"tables": tables}, stops=[{"id": "a", "place": "sea"}])
    )
    assert problem.travel.tables["default"].distance_m.tolist() == [[0, -1], [5, 0]]


def stop(**more) -> dict:
    return {"stops": [{"id": "a", "place": "hub", **more}]}


WRONG = [
    ({"milepost": 2}, "milepost"),
    ({"epoch": "yesterday"}, "epoch"),
    ({"epoch": "2026-11-23T00:00:00"}, "epoch"),
    ({"stops": [{"id": "a"}]}, "stops[0]"),
    (stop(colour="red"), "stops[0]"),
    (stop(service_s="long"), "stops[0].service_s"),
    (stop(place="moon"), "stops[0].place"),
    (stop(place=[1.0]), "stops[0].place"),
    (stop(slots=["10:00"]), "stops[0].slots[0]"),
    (stop(slots=[{"earliest": "soon", "latest": 5}]), "stops[0].slots[0].earliest"),
    (stop(slots=[{"earliest": 5, "latest": "25 o'clock"}]), "stops[0].slots[0].latest"),
    ({"stops": [{"id": "a", "place": "hub"}, {"id": "a", "place": "hub"}]}, "stops[1].id"),
    ({"places": [{"id": "hub"}, {"id": "hub"}]}, "places[1].id"),
    ({"depots": [{"id": "d", "place": "hub", "opens": "early"}]}, "depots[0].opens"),
    ({"vehicles": [{**SMALL["vehicles"][0], "load_at": "d"}]}, "vehicles[0].load_at"),
    ({"travel": {"tables": {}}, **stop()}, "travel.tables"),
    ({"travel": {"tables": {"default": {"distance_m": [[0]], "durations_s": []}}}, **stop()}, "travel.tables.default"),
    ({"travel": {"tables": {"default": {"distance_m": [[0, 1]], "durations_s": [[[0]]]}}}, **stop()},
     "travel.tables.default.distance_m[0]"),
    ({"travel": {"factor": 0}}, "travel"),
    ({"travel": {"paces": [{"start": 0, "pace": -1}]}}, "travel"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path"), WRONG, ids=[path for _, path in WRONG])
def test_what_is_wrong_is_named_with_its_path(change: dict, path: str) -> None:
    with pytest.raises(BadProblem) as caught:
        read_problem(small(**change))
    assert caught.value.path == path


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"[]", b'"text"', b"null"])
def test_what_is_no_form_at_all_says_so(data: bytes) -> None:
    with pytest.raises(BadProblem):
        read_problem(data)


def test_a_date_without_an_epoch_to_count_from_is_named() -> None:
    with pytest.raises(BadProblem, match=r"stops\[0\]\.slots\[0\]: is a date"):
        read_problem(small(epoch=None))
