"""The command line as a person meets it: a plan, its verification and a picture, or a line that says what is wrong."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from dispatch.optimiser.__main__ import main
from tests.dispatch.optimiser.instances.files import ROADS, SOLOMON, VRP, file_of


@pytest.mark.parametrize(("text", "name"), [(VRP, "a.vrp"), (ROADS, "b.vrp"), (SOLOMON, "c.txt")])
@pytest.mark.parametrize("engine", ["savings", "best"])
def test_a_file_is_planned_printed_and_verified(tmp_path, capsys, text: str, name: str, engine: str) -> None:
    path = file_of(tmp_path, text, name)
    assert main([str(path), "--seconds", "0.1", "--seed", "3", "--engine", engine]) == 0
    said = capsys.readouterr().out
    assert "Route #1" in said
    assert "Verified: every rule holds" in said
    assert "Cost " in said


def test_the_least_cost_of_a_plan_counted_by_hand(tmp_path, capsys) -> None:
    main([str(file_of(tmp_path, VRP)), "--seconds", "0.2"])
    # 6 + 6 do not fit into 10: out and back to one, the two others around
    assert "Cost 18\n" in capsys.readouterr().out


def test_the_picture_is_a_drawing_of_all_routes_stops_and_the_depot(tmp_path) -> None:
    picture = tmp_path / "plan.svg"
    main([str(file_of(tmp_path, VRP)), "--seconds", "0.1", "--svg", str(picture)])
    root = ElementTree.parse(picture).getroot()
    tags = [child.tag.split("}")[1] for child in root]
    assert tags.count("circle") == 3
    assert tags.count("polyline") == 2
    assert tags.count("rect") == 2  # the sheet and the depot


def test_without_coordinates_the_picture_says_so(tmp_path) -> None:
    picture = tmp_path / "plan.svg"
    main([str(file_of(tmp_path, ROADS)), "--seconds", "0.1", "--svg", str(picture)])
    assert "no coordinates" in picture.read_text()


def test_a_file_that_is_no_problem_ends_with_two_and_one_line(tmp_path, capsys) -> None:
    path = file_of(tmp_path, VRP.replace("2 6", "2 six", 1))
    assert main([str(path), "--seconds", "0.1"]) == 2
    said = capsys.readouterr().err
    assert "file.vrp, line 13: a demand is 'six', not a number" in said
    assert said.count("\n") == 1
    assert main([str(file_of(tmp_path, json.dumps({"stops": 3}), "x.json"))]) == 2


def test_what_cannot_all_be_served_is_said_and_ends_with_one(tmp_path, capsys) -> None:
    path = file_of(tmp_path, VRP.replace("CAPACITY : 10", "CAPACITY : 5"))
    assert main([str(path), "--seconds", "0.1"]) == 1
    said = capsys.readouterr().out
    assert "Unserved (2 of 3)" in said
    assert "demand exceeds capacity: 2 stops ask for more demand than the 5 that fit" in said
    assert "too little room" in said
    assert said.count("Broken: must serve") == 1
    assert "(so 2 stops)" in said


def test_vehicles_that_hold_nothing_are_said_once_and_not_stop_by_stop(tmp_path, capsys) -> None:
    path = file_of(tmp_path, VRP.replace("CAPACITY : 10", "CAPACITY : 0"))
    assert main([str(path), "--seconds", "0.1"]) == 1
    said = capsys.readouterr().out
    assert "demand exceeds capacity: 3 stops ask for more demand than the 0 that fit" in said
    assert said.count("Broken: ") == 1


def test_a_stop_left_out_of_a_problem_of_ours_says_why(tmp_path, capsys) -> None:
    stops = [{"id": name, "place": [72.91, 19.11], "deliver": {"kg": 7}} for name in ("near", "far")]
    van = {"id": "van", "start": "hub", "shift_start": "06:00", "shift_end": "14:00", "capacity": {"kg": 10}}
    problem = {
        "epoch": "2026-11-23T00:00:00+05:30",
        "places": [{"id": "hub", "longitude": 72.87, "latitude": 19.07}],
        "vehicles": [van],
        "stops": stops,
    }
    path = file_of(tmp_path, json.dumps(problem), "x.json")
    assert main([str(path), "--seconds", "0.1"]) == 0
    said = capsys.readouterr().out
    assert "demand exceeds capacity: 14 kg in all, and 10 fit" in said
    assert "van has 4 kg too little room" in said


def test_the_module_runs_by_name_and_importing_it_loads_no_solver() -> None:
    asked = "import sys, dispatch.optimiser, dispatch.optimiser.engines; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert "pyvrp" not in loaded
    assert "scipy" not in loaded
    shown = subprocess.run(
        [sys.executable, "-m", "dispatch.optimiser", "--help"], capture_output=True, text=True, check=True
    )
    assert "VRPLIB" in shown.stdout
