"""When a device moved and when it dwelled: on made-up ways, on another project's cases, on labelled phones."""

import csv
import gzip
import json
import random
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tracker.trips.movement import MovingFix, Rules, Segment, distance_m, segments

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
PHONES = SHARED / "traces" / "ssi_nl_phones.csv.gz"
SEGMENTS = SHARED / "traces" / "ssi_nl_phones_segments.csv.gz"
CASES = SHARED / "protocols" / "trip_state.json"
METRE = 1 / 111_195.0  # degrees of latitude


def stand(
    start_s: float, seconds: int, metres_north: float, *, jitter_m: float = 5, every: int = 5
) -> list[MovingFix]:
    """Fixes of a parked device, whose drift wanders slowly."""
    chance, drift, fixes = random.Random(7), 0.0, []
    for second in range(0, seconds, every):
        drift = 0.9 * drift + chance.gauss(0, jitter_m * 0.3)
        fixes.append(MovingFix(start_s + second, drift * METRE, (metres_north + drift) * METRE))
    return fixes


def drive(
    start_s: float, seconds: int, metres_north: float, speed_mps: float, *, every: int = 5
) -> list[MovingFix]:
    return [
        MovingFix(start_s + second, 0.0, (metres_north + second * speed_mps) * METRE)
        for second in range(0, seconds, every)
    ]


def kinds(found: list[Segment]) -> list[str]:
    return [segment.kind for segment in found]


def test_a_day_of_dwells_and_moves_is_told_in_turn():
    day = [
        *stand(0, 3600, 0),
        *drive(3600, 600, 0, 10),
        *stand(4200, 1200, 6000),
        *drive(5400, 300, 6000, 10),
    ]
    found = segments(day)
    assert kinds(found) == ["stopped", "moving", "stopped", "moving"]
    assert all(a.to_s == b.from_s for a, b in pairwise(found))
    assert (found[0].from_s, found[-1].to_s) == (0, day[-1].at_s)
    assert found[1].distance_m == pytest.approx(6000, abs=60)
    assert found[2].latitude == pytest.approx(6000 * METRE, abs=10 * METRE)
    assert found[2].duration_s == pytest.approx(1200, abs=60)


def test_no_fix_and_one_fix_are_no_segments():
    assert segments([]) == []
    assert segments([MovingFix(0, 5, 52)]) == []


def test_a_pause_shorter_than_the_bound_is_part_of_the_move():
    way = [*drive(0, 300, 0, 10), *stand(300, 200, 3000), *drive(500, 300, 3000, 10)]
    assert kinds(segments(way)) == ["moving"]


def test_one_fix_far_out_does_not_end_a_dwell_that_goes_on():
    night = stand(0, 7200, 0)
    night[500] = night[500]._replace(latitude=140 * METRE)
    assert kinds(segments(night)) == ["stopped"]


def test_walking_about_in_a_shop_is_no_dwell():
    chance = random.Random(3)
    way = [MovingFix(second, 0.0, chance.uniform(-50, 50) * METRE) for second in range(0, 1200, 10)]
    places = [MovingFix(fix.at_s, (fix.at_s // 60 % 2) * 60 * METRE, fix.latitude / 10) for fix in way]
    assert kinds(segments(places)) == ["moving"]


def test_a_phone_that_slept_at_one_place_was_there():
    assert kinds(segments([MovingFix(0, 5, 52), MovingFix(30_000, 5, 52)])) == ["stopped"]


def test_a_jump_over_hours_of_silence_is_a_move_of_its_own():
    way = [*drive(0, 600, 0, 10), *drive(9000, 600, 40_000, 10)]
    found = segments(way)
    assert kinds(found) == ["moving", "moving", "moving"]
    assert found[1].from_s == way[119].at_s
    assert found[1].to_s == 9000


def test_jitter_of_a_parked_device_that_reports_seldom_is_no_walk():
    chance = random.Random(5)
    parked = [MovingFix(n * 600, 0, chance.uniform(-40, 40) * METRE) for n in range(30)]
    assert kinds(segments(parked)) == ["stopped"]


def test_an_engine_turned_off_ends_the_move_at_once():
    way = [
        *drive(0, 300, 0, 10),
        MovingFix(300, 0, 3000 * METRE, False),
        MovingFix(330, 0, 3000 * METRE, False),
    ]
    assert kinds(segments(way)) == ["moving", "stopped"]


def test_a_dwell_on_the_antimeridian_is_one_dwell():
    fixes = [MovingFix(second, 179.9999 if second % 20 else -179.9999, 10) for second in range(0, 900, 10)]
    (stop,) = segments(fixes)
    assert stop.kind == "stopped"
    assert abs(stop.longitude) == pytest.approx(180, abs=0.001)
    assert distance_m(fixes) < 50 * len(fixes)


@pytest.mark.parametrize("seed", range(5))
def test_segments_cover_the_time_without_overlap_whatever_comes(seed):
    chance = random.Random(seed)
    at, fixes = 0.0, []
    for _ in range(400):
        at += chance.choice([1, 5, 60, 300, 9000])
        fixes.append(MovingFix(at, chance.choice([0, 0.001, 1]), chance.choice([0, 0.001, 1])))
    found = segments(fixes)
    assert found[0].from_s == fixes[0].at_s
    assert found[-1].to_s == fixes[-1].at_s
    assert all(a.to_s == b.from_s for a, b in pairwise(found))


def _place(case: dict, step: dict) -> float:
    return float(step.get("metres_east", step.get("odometer_m", 0)))


def _seconds(text: str) -> float:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * 3600.0 + minutes * 60 + seconds


@pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not here")
@pytest.mark.parametrize("number", range(7))
def test_another_projects_cases_end_the_same(number):
    """Their events are told by this machine as what the segments are: moves and stops that begin and end there."""
    case = json.loads(CASES.read_text())[number]
    rules = case["config"]
    bound = Rules(
        radius_m=rules.get("min_trip_distance_m", rules.get("min_distance_m", 500)),
        leave_m=rules.get("min_trip_distance_m", rules.get("min_distance_m", 500)),
        dwell_s=rules.get("min_stop_duration_s", rules.get("min_duration_s", 300)),
        gap_s=rules.get("max_gap_s", 7200),
        rest_m=float("inf"),
    )
    fixes = [
        MovingFix(_seconds(step["t"]), _place(case, step) * METRE, 0, step.get("ignition"))
        for step in case["steps"]
    ]
    if rules.get("start") == "in trip":
        first = fixes[0].longitude
        fixes = [MovingFix(-60.0 * n, first - 1000 * n * METRE, 0) for n in range(5, 0, -1)] + fixes
    told = [
        event
        for step in case["steps"]
        for event in (step["event"] if isinstance(step["event"], list) else [step["event"]])
        if event
    ]
    found = kinds(segments(fixes, bound))
    if "stopped" in told and told != ["stopped", "moving", "stopped"]:
        assert found[-1] == "stopped"
        assert found.count("stopped") == 1
    if told == [
        "stopped",
        "moving",
        "stopped",
    ]:  # the move before, and the jump: nothing tells of a stop after it
        assert found == ["moving", "moving"]
    if not told:
        assert "stopped" not in found


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def _labelled() -> tuple[dict[str, list[MovingFix]], dict[str, list[tuple[float, float, bool]]]]:
    fixes: dict[str, dict[float, MovingFix]] = {}
    with gzip.open(PHONES, "rt") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["ts"]).timestamp()
            fixes.setdefault(row["device"], {})[at] = MovingFix(at, float(row["lon"]), float(row["lat"]))
    labels: dict[str, list[tuple[float, float, bool]]] = {}
    with gzip.open(SEGMENTS, "rt") as file:
        for row in csv.DictReader(file):
            begin, end = (datetime.fromisoformat(row[name]).timestamp() for name in ("start", "end"))
            labels.setdefault(row["device"], []).append((begin, end, row["stop"] == "1"))
    return {name: [known[at] for at in sorted(known)] for name, known in fixes.items()}, labels


@pytest.mark.skipif(not PHONES.exists(), reason="the labelled phones are not here")
def test_dwells_over_five_minutes_are_the_stops_of_the_diary():
    """The figures of docs/standing-still.md: what the diary calls a move and is told a dwell are waits for trains."""
    right = wrong = found = wanted = 0
    phones, diary = _labelled()
    for name, fixes in phones.items():
        stops = [(s.from_s, s.to_s) for s in segments(fixes) if s.kind == "stopped"]
        for stop in stops:
            at_rest = sum(_overlap(stop, label[:2]) for label in diary[name] if label[2])
            under_way = sum(_overlap(stop, label[:2]) for label in diary[name] if not label[2])
            if under_way > at_rest and under_way > 0.5 * (stop[1] - stop[0]):
                wrong += 1
            elif at_rest:
                right += 1
        for label in diary[name]:
            if label[2] and label[1] - label[0] >= 300:
                wanted += 1
                found += sum(_overlap(stop, label[:2]) for stop in stops) >= 0.5 * (label[1] - label[0])
    assert wanted == 34
    assert right / (right + wrong) > 0.75
    assert found / wanted > 0.85
