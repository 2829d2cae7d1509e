"""Files in, problems out; and what is said of a file that is no problem: its name, the line, what is wrong there."""

from pathlib import Path

import pytest

from dispatch.optimiser.instances import BadInstance, read
from tests.dispatch.optimiser.instances.files import ROADS, SOLOMON, VRP, file_of

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "dispatch"


def test_a_vrplib_file_is_read(tmp_path) -> None:
    problem = read(file_of(tmp_path, VRP))
    table = problem.travel.tables["default"]
    assert table.distance_m.tolist() == [[0, 3, 4, 5], [3, 0, 5, 4], [4, 5, 0, 3], [5, 4, 3, 0]]
    assert [stop.deliver["demand"] for stop in problem.stops] == [6, 6, 4]
    assert [stop.id for stop in problem.stops] == ["1", "2", "3"]
    assert {vehicle.capacity["demand"] for vehicle in problem.vehicles} == {10}
    assert len(problem.vehicles) == 3
    assert problem.must_serve


def test_an_asymmetric_matrix_keeps_its_directions_and_windows(tmp_path) -> None:
    problem = read(file_of(tmp_path, ROADS))
    assert problem.travel.tables["default"].distance_m.tolist() == [[0, 5, 7], [6, 0, 2], [9, 3, 0]]
    windows = [(stop.slots[0].earliest_s, stop.slots[0].latest_s, stop.service_s) for stop in problem.stops]
    assert windows == [(10, 20, 3), (30, 40, 4)]
    assert {(v.shift_start_s, v.shift_end_s) for v in problem.vehicles} == {(0, 100)}
    assert len(problem.vehicles) == 2


@pytest.mark.parametrize(
    ("form", "numbers"),
    [("LOWER_ROW", "5 7 2"), ("UPPER_ROW", "5 7\n2"), ("LOWER_DIAG_ROW", "0 5 0 7 2 0")],
)
def test_triangles_are_filled_both_ways(tmp_path, form: str, numbers: str) -> None:
    text = ROADS.replace("FULL_MATRIX", form).replace("0 5 7\n6 0 2\n9 3 0", numbers)
    matrix = read(file_of(tmp_path, text)).travel.tables["default"].distance_m
    assert matrix.tolist() == [[0, 5, 7], [5, 0, 2], [7, 2, 0]]


def test_solomon_is_scaled_by_ten_and_truncated(tmp_path) -> None:
    problem = read(file_of(tmp_path, SOLOMON, "made-up.txt"))
    assert problem.travel.tables["default"].distance_m.tolist() == [[0, 14, 50], [14, 0, 36], [50, 36, 0]]
    first = problem.stops[0]
    assert (first.slots[0].earliest_s, first.slots[0].latest_s, first.service_s) == (1610, 1710, 100)
    assert len(problem.vehicles) == 2  # of 3: more than there are stops are never used


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("2 0 3", "2 0 three", 8, "y is 'three', not a number"),
        ("2 0 3", "2 0", 8, "should be 3 numbers, found 2"),
        ("2 0 3", "9 0 3", 8, "node 9 in NODE_COORD_SECTION, DIMENSION is 4"),
        ("2 0 3", "1 0 3", 8, "node 1 is twice"),
        ("4 4 3\n", "", 9, "NODE_COORD_SECTION ends without node 4"),
        ("2 6", "2 -6", 13, "a demand is -6, less than 0"),
        ("2 6", "2 6.5", 13, "not a whole number"),
        ("DIMENSION : 4", "DIMENSION : few", 3, "DIMENSION is 'few'"),
        ("CAPACITY : 10\n", "", 0, "no CAPACITY"),
        ("EUC_2D", "GEO", 4, "EDGE_WEIGHT_TYPE GEO is not read here"),
        ("TYPE : CVRP", "TYPE : TSP", 2, "TYPE TSP is not read here"),
        ("DEPOT_SECTION\n1", "DEPOT_SECTION\n1\n2", 18, "a second depot"),
        ("DEPOT_SECTION\n1", "DEPOT_SECTION\n7", 17, "depot 7 among 4 nodes"),
        ("DEMAND_SECTION", "BACKHAUL_SECTION", 11, "BACKHAUL_SECTION is not read here"),
        ("NAME : made-up", "12 13", 1, "stands in no section"),
    ],
)
def test_a_vrplib_file_that_is_wrong_is_refused_by_line(
    tmp_path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(BadInstance, match=says) as refused:
        read(file_of(tmp_path, VRP.replace(old, new, 1)))
    assert (refused.value.name, refused.value.line) == ("file.vrp", line)
    assert ("line" in str(refused.value)) == bool(line)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("9 3 0", "9 3", 11, "8 distances, FULL_MATRIX of 3 needs 9"),
        ("9 3 0", "9 x 0", 11, "a distance is 'x', not a number"),
        ("9 3 0", "9 -3 0", 11, "a distance is negative"),
        ("FULL_MATRIX", "HALF_MATRIX", 7, "EDGE_WEIGHT_FORMAT HALF_MATRIX, expected FULL_MATRIX"),
        ("2 10 20", "2 20 10", 18, "opens at 20, after it closes at 10"),
        ("3 4\nDEPOT", "DEPOT", 22, "SERVICE_TIME_SECTION ends without node 3"),
    ],
)
def test_a_wrong_matrix_or_window_is_refused_by_line(
    tmp_path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(BadInstance, match=says) as refused:
        read(file_of(tmp_path, ROADS.replace(old, new, 1)))
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("  3         50", "  3", 5, "number and capacity of vehicles should be 2 numbers, found 1"),
        ("  3         50", "  0         50", 5, "the number of vehicles is 0, less than 1"),
        ("161       171", "181       171", 11, "ready at 181, after the due date 171"),
        ("    2      3", "    7      3", 12, "customer number 7, expected 2"),
        ("         4         13", "         13", 12, "a customer should be 7 numbers, found 6"),
        ("CUSTOMER\n", "\n", 0, "no CUSTOMER section"),
    ],
)
def test_a_solomon_file_that_is_wrong_is_refused_by_line(
    tmp_path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(BadInstance, match=says) as refused:
        read(file_of(tmp_path, SOLOMON.replace(old, new, 1), "made-up.txt"))
    assert refused.value.line == line


def test_no_file_no_text_and_nothing_in_it_are_told_apart(tmp_path) -> None:
    with pytest.raises(BadInstance, match="No such file"):
        read(tmp_path / "nothing.vrp")
    with pytest.raises(BadInstance, match="line 2: byte 0xff is no UTF-8 text"):
        read(file_of(tmp_path, b"NAME : x\n\xff\xfe"))
    with pytest.raises(BadInstance, match="empty"):
        read(file_of(tmp_path, "\n\n"))


@pytest.mark.skipif(not SHARED.exists(), reason="the benchmark instances are not here")
def test_the_benchmark_instances_are_read_and_their_best_known_plans_cost_what_is_stated() -> None:
    stated = {"X-n101-k25.vrp": 27591, "X-n401-k29.vrp": 66154, "C101.txt": 8273, "RC208.txt": 7761}
    for name, cost in stated.items():
        path = SHARED / name
        distances = read(path).travel.tables["default"].distance_m
        length = 0
        for line in path.with_suffix(".sol").read_text().splitlines():
            if line.startswith("Route"):
                visits = [0, *map(int, line.split(":")[1].split()), 0]
                length += int(distances[visits[:-1], visits[1:]].sum())
        assert length == cost
