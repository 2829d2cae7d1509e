"""The rule of crossings, one situation at a time: what is told, and what is not."""

import pytest

from ingest_lambda.presence.fold import fold
from tests.ingest_lambda.presence.world import (
    LATITUDE,
    circle,
    corridor,
    drive,
    fix,
    published,
    seconds,
    square,
    stories,
    versions,
    zone,
)

WEST_SIDE = square(-1000, -500, 0, 500)
EAST_SIDE = square(0, -500, 1000, 500)
TWO = versions(zone(1, WEST_SIDE), zone(2, EAST_SIDE))


def told(fixes, sets):
    return fold(None, fixes, sets)[1]


def moved(fixes, sets):
    """What is told but for where the device was at first."""
    return [one for one in stories(told(fixes, sets)) if one[0] != "first_fix"]


def test_at_its_first_fix_a_device_is_in_every_zone_that_covers_it():
    sets = versions(zone(1, WEST_SIDE), zone(2, EAST_SIDE), zone(3, circle(-100, 0, 200)))
    assert stories(told([fix(0, -100, 0)], sets)) == [("first_fix", None, 1), ("first_fix", None, 3)]


def test_from_zone_to_zone_is_one_transition_when_the_border_was_crossed():
    (_, one) = told(drive((-400, 0), (400, 0, 10)), TWO)
    assert stories([one]) == [("moved", 1, 2)]
    assert seconds(one.occurred_us) == pytest.approx(40, abs=0.01)
    assert one.decided_us > one.occurred_us
    assert one.latitude == pytest.approx(LATITUDE)


def test_zones_that_gape_a_little_are_left_and_entered_in_one_transition():
    sets = versions(zone(1, WEST_SIDE), zone(2, square(12, -500, 1000, 500)))
    assert moved(drive((-400, 0), (400, 0, 5), every_s=1), sets) == [("moved", 1, 2)]


def test_one_fix_200_m_out_that_claims_two_metres_is_no_exit():
    parked = [fix(10 * at, -50, at % 3) for at in range(20)]
    parked[10] = fix(100, 150, 0, accuracy_m=1.9)
    assert moved(parked, TWO) == []


def test_one_fix_in_a_zone_on_the_way_is_a_visit():
    sets = versions(
        zone(1, WEST_SIDE), zone(2, square(0, -500, 600, 500)), zone(3, square(600, -500, 1500, 500))
    )
    fixes = [fix(120 * at, x, 0) for at, x in enumerate((-700, -300, 300, 900, 1300))]
    assert moved(fixes, sets) == [("moved", 1, 2), ("moved", 2, 3)]


def test_jitter_about_a_border_tells_nothing():
    fixes = [fix(5 * at, (-1) ** at * 15, 0) for at in range(500)]
    assert moved(fixes, TWO) == []


def test_with_margin_0_each_fix_decides():
    sets = versions(zone(1, WEST_SIDE, margin_m=0.0), zone(2, EAST_SIDE, margin_m=0.0))
    fixes = [fix(5 * at, (-1) ** (at + 1) * 15, 0) for at in range(4)]
    assert moved(fixes, sets) == [("moved", 1, 2), ("moved", 2, 1), ("moved", 1, 2)]


def test_poor_accuracy_needs_to_be_farther_out():
    out = [fix(5, -10, 0), *[fix(100 + 40 * at, 40, 0, accuracy_m=60.0) for at in range(5)]]
    sets = versions(zone(1, WEST_SIDE))
    assert moved(out, sets) == []
    assert moved([*out, *[fix(400 + 40 * at, 80, 0, accuracy_m=60.0) for at in range(2)]], sets) == [
        ("moved", 1, None)
    ]


def test_a_place_just_inside_is_entered_after_two_minutes_and_not_left_by_jitter():
    sets = versions(zone(2, EAST_SIDE))
    arriving = drive((-500, 0), (8, 0, 10))
    parked = [fix(60 + 10 * at, 8 + at % 3, 0) for at in range(40)]
    jitter = [fix(500 + 10 * at, (-1) ** at * 12, 0) for at in range(100)]
    assert moved(arriving + parked + jitter, sets) == [("moved", None, 2)]


def test_a_phone_that_stood_there_before_is_not_taken_in_by_drift():
    sets = versions(zone(2, EAST_SIDE))
    since_us = fix(0, 0, 0).at_us
    drift = [fix(10 * at, -8 if at < 20 else 8, 0)._replace(moved_at_us=since_us) for at in range(300)]
    assert moved(drift, sets) == []


def test_a_circle_of_30_m_is_entered_and_left():
    sets = versions(zone(1, circle(0, 0, 30)))
    stop = [fix(100 + 10 * at, 12, 5) for at in range(20)]
    away = drive((12, 5), (400, 0, 8), start_s=310)
    assert moved(drive((-400, 0), (10, 5, 8)) + stop + away, sets) == [("moved", None, 1), ("moved", 1, None)]


def test_a_zone_passed_through_between_two_fixes_is_found_once_the_next_fix_is_known():
    sets = versions(zone(1, circle(500, 0, 100)))
    way = [fix(0, 0, 0), fix(60, 1000, 0)]
    assert told(way, sets) == []
    entered, left = told([*way, fix(120, 2000, 0)], sets)
    assert stories([entered, left]) == [("passed", None, 1), ("passed", 1, None)]
    assert seconds(entered.occurred_us) == pytest.approx(24, abs=0.5)
    assert seconds(left.occurred_us) == pytest.approx(36, abs=0.5)
    assert told([*way, fix(120, 10, 0)], sets) == []  # there and back: a jump
    assert told([fix(0, 0, 0), fix(3000, 1000, 0), fix(3060, 2000, 0)], sets) == []  # nobody knows the way


def test_a_way_that_grazes_a_zone_does_not_pass_through():
    sets = versions(zone(1, circle(500, 0, 100)), zone(2, circle(500, 90, 100), margin_m=0.0))
    assert moved([fix(0, 0, -95), fix(60, 1000, -95), fix(120, 2000, -95)], sets) == []


def test_nested_zones_are_entered_each_and_a_hole_is_outside():
    ring = square(-300, -300, 300, 300).difference(square(-100, -100, 100, 100))
    sets = versions(zone(1, square(-1000, -1000, 1000, 1000)), zone(2, ring))
    assert moved(drive((-900, 0), (0, 0, 10), (900, 0, 10)), sets) == [
        ("moved", None, 2),
        ("moved", 2, None),
        ("moved", None, 2),
        ("moved", 2, None),
    ]


def test_a_corridor_is_kept_to_and_left():
    sets = versions(zone(1, corridor((0, 0), (3000, 0), half=50)))
    assert moved(drive((0, 0), (1500, 10, 10), (1500, 600, 10)), sets) == [("moved", 1, None)]


def test_two_fixes_of_one_instant_do_no_harm():
    fixes = [fix(0, -300, 0), fix(0, -300, 0), fix(60, 300, 0), fix(60, 400, 0), fix(100, 420, 0)]
    assert moved(fixes, TWO) == [("moved", 1, 2)]


def test_a_retired_zone_is_left_when_the_version_without_it_came_into_force():
    sets = published((-10, [zone(1, WEST_SIDE)]), (100, []))
    (_, one) = told([fix(0, -300, 0), fix(5000, -300, 0)], sets)
    assert stories([one]) == [("published", 1, None)]
    assert seconds(one.occurred_us) == seconds(one.decided_us) == 100
    assert one.version == 2


def test_a_border_that_moved_over_a_standing_device_is_told_as_published():
    sets = published(
        (-10, [zone(1, WEST_SIDE), zone(2, EAST_SIDE)]), (100, [zone(2, square(-600, -500, 0, 500))])
    )
    one, other = told([fix(0, -300, 0), fix(200, -300, 0)], sets)[1:]
    assert stories([one, other]) == [("published", 1, None), ("published", None, 2)]
    assert (seconds(other.occurred_us), seconds(other.decided_us)) == (100, 200)


def test_a_zone_that_a_version_leaves_as_it_was_is_not_told_again():
    same = zone(1, WEST_SIDE)
    sets = published((-10, [same]), (100, [same, zone(2, EAST_SIDE)]))
    assert moved([fix(0, -300, 0), fix(200, -300, 0)], sets) == []


def test_history_is_decided_by_the_version_of_its_time():
    sets = published((-10, [zone(1, WEST_SIDE)]), (1000, [zone(1, EAST_SIDE)]))
    fixes = drive((-300, 0), (300, 0, 10))
    assert [one.version for one in told(fixes, sets)] == [1, 1]
