"""The fold as a whole: the same from any cut, for one device or many, and a sound history of visits."""

from math import cos, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from ingest_lambda.presence.fold import LOOK_BACK_FIXES, LOOK_BACK_US, fold, fold_many, resume
from ingest_lambda.presence.publishing import take_up
from ingest_lambda.presence.state import decode, encode
from ingest_lambda.presence.walk import Walk
from tests.ingest_lambda.presence.world import (
    circle,
    corridor,
    fix,
    published,
    square,
    versions,
    zone,
)

TOWN = [
    zone(1, square(-1000, -500, 0, 500)),
    zone(2, square(0, -500, 1000, 500)),
    zone(3, circle(200, 100, 30)),
    zone(4, circle(-20, 0, 60), margin_m=10.0),
    zone(5, corridor((-1500, 300), (1500, 300), half=40)),
    zone(6, square(300, -300, 800, 300).difference(square(450, -150, 650, 150))),
    zone(7, square(-700, -200, -300, 200), margin_m=0.0),
    zone(8, square(-1200, -600, 1100, 600)),
]
REDRAWN = [*TOWN[:2], zone(3, circle(220, 100, 60)), *TOWN[4:6], zone(9, square(-100, -100, 100, 100))]
SETS = versions(*TOWN)
CHANGING = published((-10, TOWN), (600, REDRAWN), (1500, TOWN))

steps = st.tuples(
    st.sampled_from([0.0, 1.0, 2.0, 5.0, 20.0, 60.0, 150.0, 400.0, 900.0]),
    st.sampled_from([0.0, 3.0, 15.0, 40.0, 120.0, 400.0]),
    st.floats(0, 6.283, allow_nan=False),
    st.sampled_from([None, 5.0, 40.0]),
)


@st.composite
def walks(draw, most=60):
    """Fixes of a device that stands, drifts, walks, drives and jumps."""
    at_s, x, y = 0.0, draw(st.floats(-900, 900)), draw(st.floats(-450, 450))
    fixes = [fix(at_s, x, y)]
    for gap, far, way, accuracy in draw(st.lists(steps, min_size=1, max_size=most)):
        at_s += gap + 0.001
        new_x, new_y = x + far * cos(way), y + far * sin(way)
        fixes.append(fix(at_s, new_x, new_y, accuracy))
        if far != 120.0 or gap > 20:  # otherwise a jump: the next fix is back where this one was
            x, y = max(-1400, min(1400, new_x)), max(-700, min(700, new_y))
    return fixes


def looked_back(fixes, cut):
    """What must be at hand to take the fold up after fixes[cut]."""
    first = fixes[cut].at_us - LOOK_BACK_US
    within = sum(1 for one in fixes[: cut + 1] if one.at_us >= first)
    return fixes[max(0, cut + 1 - within - LOOK_BACK_FIXES) : cut + 1]


@settings(max_examples=150, deadline=None)
@given(walks(), st.sampled_from([SETS, CHANGING]))
def test_the_fold_can_be_taken_up_after_any_fix_from_what_was_believed_and_the_fixes_shortly_before(
    fixes, sets
):
    whole, told = fold(None, fixes, sets)
    for cut in range(len(fixes)):
        state, before = fold(None, fixes[: cut + 1], sets)
        assert state is not None
        assert resume(state.inside, looked_back(fixes, cut), sets) == state
        ended, after = fold(decode(encode(state)), fixes[cut + 1 :], sets)
        assert (ended, before + after) == (whole, told)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(walks(20), st.integers(0, 10)), min_size=1, max_size=6),
    st.sampled_from([SETS, CHANGING]),
)
def test_many_devices_together_are_folded_as_each_alone(devices, sets):
    items = []
    for fixes, cut in devices:
        known = fold(None, fixes[:cut], sets)[0] if cut else None
        items.append((known, fixes[cut:]))
    assert fold_many(items, sets) == [fold(*item, sets) for item in items]


@settings(max_examples=100, deadline=None)
@given(walks(), st.sampled_from([SETS, CHANGING]))
def test_each_visit_begins_once_ends_once_and_in_that_order(fixes, sets):
    state, told = fold(None, fixes, sets)
    assert state is not None
    inside: dict = {}
    ended: dict = {}
    for one in told:
        if one.left is not None:
            assert inside.pop(one.left.geofence_id) == one.left
            assert one.left.entered_us <= one.occurred_us <= one.decided_us
            ended[one.left.geofence_id] = one.occurred_us
        if one.entered is not None:
            assert one.entered.geofence_id not in inside
            assert ended.get(one.entered.geofence_id, 0) <= one.entered.entered_us <= one.entered.decided_us
            inside[one.entered.geofence_id] = one.entered
    assert sorted(inside.values(), key=lambda stay: stay.geofence_id) == list(state.inside)


def plainly(fixes, sets):
    """The same rule without any screening: each fix and each way is looked at, zones are asked one by one."""
    walk: Walk | None = None
    told: list = []
    for one in fixes:
        zones = sets.at(one.at_us)
        if zones is None:
            continue
        covering = frozenset(
            member.geofence_id
            for member in zones.zones
            if member.geometry.intersects(Point(one.longitude, one.latitude))
        )
        if walk is None:
            walk = Walk.begin(zones, one, covering)
            continue
        if walk.zones is not zones:
            told += walk.told
            walk, republished = take_up(walk.presence(), sets, zones, one, covering)
            told += republished
        walk.step(one, covering, long_way=True)
    return (walk.presence(), told + walk.told) if walk else (None, told)


@settings(max_examples=100, deadline=None)
@given(walks(), st.sampled_from([SETS, CHANGING]))
def test_screening_leaves_nothing_out(fixes, sets):
    assert fold(None, fixes, sets) == plainly(fixes, sets)


def test_nothing_is_known_of_a_device_before_the_first_version():
    sets = published((100, TOWN))
    assert fold(None, [fix(0, 0, 0), fix(50, 10, 0)], sets) == (None, [])
    assert resume([], [fix(0, 0, 0)], sets) is None


@pytest.mark.parametrize("sets", [versions(), published()])
def test_an_environment_without_zones_tells_nothing(sets):
    assert fold(None, [fix(0, 0, 0), fix(5, 900, 0)], sets)[1] == []
