"""The rule of progress: arriving, leaving and straying by consecutive evidence, whatever the cut."""

import random

import pytest

from tests.tracker.trips.journeys import START, drive, east_m, fix, plan
from tracker.trips.advance import us
from tracker.trips.ground import Lines, Target
from tracker.trips.progress import Progress, fold, settle, silence_due_us

BEGIN_US = us(START)


def after_s(time_us: int | None) -> float | None:
    return None if time_us is None else (time_us - BEGIN_US) / 1e6


def test_two_fixes_inside_arrive_at_the_time_of_the_first():
    progress = fold(Progress(), [*drive(-500, -100), fix(60, -20), fix(70, -5)], plan())
    assert after_s(progress.arrived_us) == 60
    assert after_s(progress.arrived_decided_us) == 70


def test_one_bad_fix_inside_is_no_arriving():
    progress = fold(Progress(), [fix(0, -800), fix(10, 0), fix(20, -700), fix(30, 0), fix(40, -600)], plan())
    assert progress.arrived_us is None


def test_a_fix_that_claims_to_be_exact_arrives_no_sooner():
    progress = fold(Progress(), [fix(0, -200), fix(10, 0, accuracy_m=1.9), fix(20, -190)], plan())
    assert progress.arrived_us is None


def test_jitter_at_the_border_does_not_keep_from_arriving():
    progress = fold(Progress(), [fix(0, -49), fix(10, -54), fix(20, -48)], plan())
    assert after_s(progress.arrived_us) == 0


def test_vague_fixes_need_twice_as_many():
    vague = [fix(10 * n, -5, accuracy_m=90) for n in range(4)]
    assert fold(Progress(), vague[:3], plan()).arrived_us is None
    assert after_s(fold(Progress(), vague, plan()).arrived_us) == 0


def test_silence_inside_arrives_after_two_minutes_and_not_before():
    progress = fold(Progress(), [fix(0, -300), fix(30, 0)], plan())
    due = silence_due_us(progress)
    assert due is not None
    assert after_s(due) == 150
    assert settle(progress, due - 1).arrived_us is None
    assert after_s(settle(progress, due).arrived_us) == 30


def test_silence_after_a_vague_fix_decides_nothing():
    progress = fold(Progress(), [fix(0, -300), fix(30, 0, accuracy_m=400)], plan())
    assert silence_due_us(progress) is None


def test_a_gap_between_fixes_counts_as_the_silence_it_was():
    progress = fold(Progress(), [fix(0, -300), fix(30, 0), fix(200, -900)], plan())
    assert after_s(progress.arrived_us) == 30


def test_leaving_needs_two_fixes_beyond_jitter_and_a_jump_there_and_back_is_none():
    there = [fix(0, 0), fix(10, 0)]
    assert fold(Progress(), [*there, fix(20, -200), fix(30, 0)], plan()).exited_us is None
    assert fold(Progress(), [*there, fix(20, -70), fix(30, -72)], plan()).exited_us is None
    assert after_s(fold(Progress(), [*there, fix(20, -90), fix(30, -200)], plan()).exited_us) == 20


def test_what_was_recorded_before_the_start_or_before_the_destination_was_chosen_arrives_nowhere():
    early = [fix(-20, 0), fix(-10, 0)]
    assert fold(Progress(), early, plan()).fixes == 0
    passed_by = fold(
        Progress(), [fix(0, 0), fix(10, 0), fix(20, -500)], plan(headed_us=BEGIN_US + 15_000_000)
    )
    assert passed_by.arrived_us is None
    assert passed_by.fixes == 3


def test_a_standing_phone_makes_no_way_and_a_moving_one_all_of_it():
    dice = random.Random(5)
    standing = [fix(10 * n, -3000 + dice.gauss(0, 4), north_m=dice.gauss(0, 4)) for n in range(300)]
    assert fold(Progress(), standing, plan()).way_m < 100
    moving = fold(Progress(), drive(-3000, 0, every_s=1), plan())
    assert moving.way_m == pytest.approx(3000, abs=25)
    assert moving.own_mps == pytest.approx(10, rel=0.05)


def test_the_recent_pace_knows_pauses():
    way = [*drive(-3000, -2000), *(fix(100 + 10 * n, -2000) for n in range(1, 60))]
    pace = fold(Progress(), way, plan()).own_mps
    assert pace is not None
    assert pace < 3


def test_a_fold_cut_anywhere_is_the_fold_of_all():
    dice = random.Random(11)
    for _ in range(60):
        fixes, at_s, metres = [], 0.0, -600.0
        for _ in range(40):
            at_s += dice.choice([2, 10, 10, 40, 130])
            metres += dice.choice([-40, 0, 5, 60, 60, 120])
            accuracy = dice.choice([None, 5, 20, 200])
            fixes.append(fix(at_s, metres, accuracy_m=accuracy, north_m=dice.gauss(0, 60)))
        road = plan(corridor=Lines([[east_m(-2000), east_m(2000)]]), corridor_m=50)
        cut = dice.randrange(len(fixes))
        halves = fold(fold(Progress(), fixes[:cut], road), fixes[cut:], road)
        assert halves == fold(Progress(), fixes, road)
        # what comes again changes nothing
        assert fold(halves, fixes, road) == halves


def test_an_area_is_arrived_at_by_its_border_and_not_by_a_middle():
    long_yard = [
        [east_m(-1000, -20), east_m(100, -20), east_m(100, 20), east_m(-1000, 20), east_m(-1000, -20)]
    ]
    to_yard = plan(target=Target(east_m(0), 50.0, long_yard))
    progress = fold(Progress(), [fix(0, -1500), fix(10, -990), fix(20, -900)], to_yard)
    assert after_s(progress.arrived_us) == 10
    beside = fold(Progress(), [fix(0, -500, north_m=60), fix(10, -490, north_m=60)], to_yard)
    assert beside.arrived_us is None
