"""Shifts in local time: across midnight, clock changes in both directions, breaks, other hours on one date."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.fleet.hours import Other, Rest, Weekly, instant, shift_intervals

DAILY = frozenset({1, 2, 3, 4, 5, 6, 7})
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # Amsterdam: 02:00 becomes 03:00, 03:00 becomes 02:00
AMSTERDAM = "Europe/Amsterdam"


def at(text: str) -> time:
    return time.fromisoformat(text)


def weekly(starts: str, ends: str, **facts) -> Weekly:
    values: dict[str, Any] = {"weekdays": DAILY, "starts": at(starts), "ends": at(ends)}
    return Weekly(**(values | facts))


def spans(shifts, changes=(), zone=AMSTERDAM, since=date(2026, 5, 4), until=None):
    """Each interval in UTC, as texts."""
    found = shift_intervals(shifts, changes, zone, since, until or since)
    return [(f"{one.start:%d %H:%M}", f"{one.end:%d %H:%M}") for one in found]


def test_a_shift_is_in_the_local_time_of_its_zone():
    assert spans([weekly("09:00", "17:00")]) == [("04 07:00", "04 15:00")]
    assert spans([weekly("09:00", "17:00")], zone="Asia/Kolkata") == [("04 03:30", "04 11:30")]
    assert spans([weekly("09:00", "17:00", timezone="UTC")]) == [("04 09:00", "04 17:00")]


def test_an_end_before_the_start_is_on_the_next_day():
    assert spans([weekly("22:00", "06:00", timezone="UTC")]) == [("04 22:00", "05 06:00")]


def test_a_shift_of_no_length_gives_no_hours():
    assert spans([weekly("09:00", "09:00")]) == []


def test_weekdays_and_first_and_last_days_say_when_it_begins():
    shift = weekly("22:00", "02:00", timezone="UTC", weekdays=frozenset({1, 5}), valid_from=date(2026, 5, 2))
    assert spans([shift], since=date(2026, 4, 27), until=date(2026, 5, 8)) == [
        ("04 22:00", "05 02:00"),
        ("08 22:00", "09 02:00"),
    ]
    ended = weekly("22:00", "02:00", timezone="UTC", valid_to=date(2026, 5, 4))
    assert spans([ended], until=date(2026, 5, 6)) == [("04 22:00", "05 02:00")]


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("01:00", "05:00", [("29 00:00", "29 03:00")]),  # three hours of the four exist
        ("02:30", "10:00", [("29 01:00", "29 08:00")]),  # begins when the clock jumps to 03:00
        ("22:00", "02:30", [("29 20:00", "30 00:30")]),  # the night after: nothing is odd about it
        ("02:15", "02:45", []),  # the whole of it does not exist
        ("02:30", "03:00", []),
        ("02:30", "03:30", [("29 01:00", "29 01:30")]),
    ],
)
def test_in_the_night_in_which_an_hour_does_not_exist(starts, ends, expected):
    assert spans([weekly(starts, ends)], since=SPRING) == expected


def test_a_shift_that_ends_in_the_hour_that_does_not_exist_ends_at_the_jump():
    assert spans([weekly("22:00", "02:30")], since=SPRING - timedelta(days=1)) == [("28 21:00", "29 01:00")]


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("01:00", "05:00", [("24 23:00", "25 04:00")]),  # five hours
        ("02:30", "10:00", [("25 00:30", "25 09:00")]),  # from the first half past two
        ("02:15", "02:45", [("25 00:15", "25 00:45")]),
        ("02:45", "02:15", [("25 00:45", "26 01:15")]),
    ],
)
def test_in_the_night_in_which_an_hour_comes_twice(starts, ends, expected):
    assert spans([weekly(starts, ends)], since=AUTUMN) == expected


def test_a_shift_that_ends_in_the_hour_that_comes_twice_ends_at_its_first_pass():
    assert spans([weekly("22:00", "02:30")], since=AUTUMN - timedelta(days=1)) == [("24 20:00", "25 00:30")]


def test_a_jump_of_half_an_hour_and_one_over_midnight_are_found():
    howe = ZoneInfo("Australia/Lord_Howe")
    assert instant(date(2026, 10, 4), at("02:10"), howe) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)
    beirut = ZoneInfo("Asia/Beirut")  # the clock jumps from 00:00 to 01:00
    assert instant(date(2026, 3, 29), at("00:20"), beirut) == datetime(2026, 3, 28, 22, 0, tzinfo=UTC)


def test_every_instant_of_a_year_lies_on_its_date_and_never_before_an_earlier_one():
    zone, before = ZoneInfo(AMSTERDAM), None
    for day in range(366):
        for minutes in range(0, 1440, 30):
            on = date(2026, 1, 1) + timedelta(days=day)
            moment = instant(on, time(minutes // 60, minutes % 60), zone)
            assert before is None or moment >= before or on == AUTUMN
            assert moment.astimezone(zone).date() == on
            before = moment


def test_another_date_has_other_hours_or_none():
    shift = weekly("09:00", "17:00", timezone="UTC")
    late = Other(date(2026, 5, 5), at("14:00"), at("01:00"))
    assert spans([shift], [late, Other(date(2026, 5, 6))], "UTC", until=date(2026, 5, 7)) == [
        ("04 09:00", "04 17:00"), ("05 14:00", "06 01:00"), ("07 09:00", "07 17:00"),
    ]  # fmt: skip


def test_shifts_that_touch_or_overlap_become_one_with_both_breaks():
    noon, evening = Rest(at("12:00"), at("13:00"), 1800), Rest(at("18:00"), at("19:00"), 1800)
    early = weekly("08:00", "15:00", timezone="UTC", rests=(noon,))
    late = weekly("15:00", "22:00", timezone="UTC", rests=(evening,))
    (one,) = shift_intervals([early, late], [], "UTC", date(2026, 5, 4), date(2026, 5, 4))
    assert (one.seconds, [f"{rest.earliest:%H:%M}" for rest in one.breaks]) == (14 * 3600, ["12:00", "18:00"])


def breaks(shift: Weekly, day: date = date(2026, 5, 4), zone: str = "UTC"):
    (one,) = shift_intervals([shift], [], zone, day, day)
    return [(f"{rest.earliest:%d %H:%M}", f"{rest.latest:%d %H:%M}", rest.duration_s) for rest in one.breaks]


def test_a_break_begins_early_enough_to_be_over_in_its_window():
    lunch = Rest(at("12:00"), at("14:00"), 1800)
    assert breaks(weekly("09:00", "17:00", rests=(lunch,))) == [("04 12:00", "04 13:30", 1800)]


def test_a_break_after_midnight_belongs_to_the_shift_that_runs_over_it():
    meal = Rest(at("23:30"), at("00:30"), 1200)
    deep = Rest(at("02:00"), at("03:00"), 1200)
    assert breaks(weekly("22:00", "06:00", rests=(deep, meal))) == [
        ("04 23:30", "05 00:10", 1200),
        ("05 02:00", "05 02:40", 1200),
    ]


def test_a_break_that_does_not_fit_into_the_shift_is_left_out():
    assert breaks(weekly("09:00", "11:00", rests=(Rest(at("12:00"), at("13:00"), 1800),))) == []
    assert breaks(weekly("09:00", "17:00", rests=(Rest(at("12:00"), at("12:10"), 1800),))) == []
    assert breaks(weekly("09:00", "17:00", rests=(Rest(at("12:00"), at("13:00"), 0),))) == []


def test_a_break_is_cut_to_the_shift():
    early = Rest(at("08:00"), at("10:00"), 1800)
    assert breaks(weekly("09:00", "17:00", rests=(early,))) == [("04 09:00", "04 09:30", 1800)]


def test_a_zone_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        spans([weekly("09:00", "17:00")], zone="Mars/Olympus")
