"""Times of a replay: it ends now, and no fix is ever dated later than it is posted."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.replay.recording import Fix, by_device
from tracker.replay.shifting import plan

NOW_US = 1_700_000_000_000_000
DAY_US = 86_400_000_000


def fix(at_us, device="a"):
    return Fix(device, at_us, 1.0, 2.0, {})


times = st.lists(st.integers(0, 30 * DAY_US), min_size=1, max_size=50)
speeds = st.floats(0.1, 10_000)


@given(times)
def test_without_a_speed_the_last_fix_happened_now(all_times):
    fixes = [fix(at) for at in all_times]
    schedule = plan(fixes, now_us=NOW_US, speed=None, own_times=False)
    assert max(f.at_us + schedule.shift_us for f in fixes) == NOW_US


@given(times, speeds)
def test_no_fix_is_dated_later_than_it_is_posted(all_times, speed):
    fixes = [fix(at) for at in all_times]
    schedule = plan(fixes, now_us=NOW_US, speed=speed, own_times=False)
    for each in fixes:
        posted_us = NOW_US + schedule.due_s(each) * 1_000_000
        assert each.at_us + schedule.shift_us <= posted_us + 2


def test_in_real_time_each_fix_is_posted_the_moment_it_is_dated():
    fixes = [fix(0), fix(60_000_000)]
    schedule = plan(fixes, now_us=NOW_US, speed=1.0, own_times=False)
    assert [NOW_US + schedule.due_s(f) * 1e6 for f in fixes] == [f.at_us + schedule.shift_us for f in fixes]


def test_own_times_stay():
    assert plan([fix(5)], now_us=NOW_US, speed=None, own_times=True).shift_us == 0


def test_a_named_end_leaves_a_wrong_clock_in_the_future():
    fixes = [fix(0), fix(1_000_000), fix(DAY_US)]
    schedule = plan(fixes, now_us=NOW_US, speed=None, own_times=False, end_us=1_000_000)
    assert [f.at_us + schedule.shift_us - NOW_US for f in fixes] == [-1_000_000, 0, DAY_US - 1_000_000]


def test_a_few_fixes_from_long_before_do_not_stretch_a_paced_replay():
    fixes = [fix(0), *(fix(10_000 * DAY_US + n * 1_000_000) for n in range(600))]
    schedule = plan(fixes, now_us=NOW_US, speed=10.0, own_times=False)
    assert schedule.lasts_s < 60
    assert schedule.due_s(fixes[0]) == 0.0


def test_a_fix_is_sent_with_its_time_moved():
    assert fix(1_500_000).body(500_000) == {
        "recorded_at": "1970-01-01T00:00:02Z",
        "latitude": 1.0,
        "longitude": 2.0,
    }


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
def test_each_devices_fixes_are_in_recorded_order_and_none_is_lost(rows):
    fixes = [fix(at, device) for device, at in rows]
    grouped = by_device(fixes)
    assert sorted(map(id, fixes)) == sorted(id(f) for own in grouped.values() for f in own)
    for own in grouped.values():
        assert [f.at_us for f in own] == sorted(f.at_us for f in own)
