"""The forecast on made-up months: how often the band holds, how wide it is, and what it refuses."""

import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.guard.forecast import BadHistory, Band, forecast, forecast_distinct
from billing.guard.months import NoTimeZone

MONTH = date(2026, 5, 1)
WEEK = [1.3, 1.2, 1.1, 1.2, 1.4, 0.4, 0.2]


def steady(rng, day, level):
    return level * rng.gauss(1, 0.15)


def weekly(rng, day, level):
    return level * WEEK[day.weekday()] * rng.gauss(1, 0.15)


def growing(rng, day, level):
    return level * 1.01 ** (day - MONTH).days * WEEK[day.weekday()] * rng.gauss(1, 0.1)


def shrinking(rng, day, level):
    return level * 0.99 ** (day - MONTH).days * rng.gauss(1, 0.1)


def bursty(rng, day, level):
    return level * rng.lognormvariate(-0.18, 0.6)


def a_month(kind, rng, history):
    level = 10 ** rng.uniform(2, 6)
    first = MONTH - timedelta(days=history)
    days = [first + timedelta(days=n) for n in range(history + 31)]
    return [max(0, round(kind(rng, day, level))) for day in days]


def bands(kind, history, today, months=150):
    """Each made-up month's band as it would have been said at noon of that day, and what the month came to."""
    rng = random.Random(f"{kind.__name__} {history} {today}")
    for _ in range(months):
        days = a_month(kind, rng, history)
        seen = [*days[: history + today - 1], days[history + today - 1] // 2]
        yield forecast(seen, MONTH, datetime(2026, 5, today, 12, tzinfo=UTC)), sum(days[history:])


@pytest.mark.parametrize("kind", [steady, weekly, growing, shrinking, bursty])
@pytest.mark.parametrize(
    ("history", "today"), [(0, 4), (0, 10), (0, 20), (31, 3), (31, 15), (60, 1), (60, 25)]
)
def test_the_band_holds_four_times_in_five(kind, history, today):
    said = list(bands(kind, history, today))
    held = sum(band.low <= total <= band.high for band, total in said)
    assert held >= 0.8 * len(said)


@pytest.mark.parametrize(("today", "widest"), [(3, 0.6), (15, 0.25), (25, 0.08)])
def test_it_narrows_as_the_month_goes_and_is_no_empty_promise(today, widest):
    widths = [(band.high - band.low) / total for band, total in bands(weekly, 56, today)]
    assert sum(widths) / len(widths) < widest


def test_two_weeks_of_history_teach_it_the_week():
    """Said on a Friday noon: one who knows no weekends expects far too much of this one."""
    errors = [abs(band.likely - total) / total for band, total in bands(weekly, 56, 29)]
    assert sum(errors) / len(errors) < 0.03


@given(
    daily=st.lists(st.integers(0, 10**9), min_size=15, max_size=90),
    hour=st.integers(0, 23),
)
def test_it_never_promises_less_than_was_used_and_keeps_its_order(daily, hour):
    band = forecast(daily, MONTH, datetime(2026, 5, 15, hour, tzinfo=UTC))
    assert sum(daily[-15:]) <= band.low <= band.likely <= band.high


def test_a_month_without_any_use_is_expected_to_stay_so():
    assert forecast([0] * 20, MONTH, datetime(2026, 5, 20, tzinfo=UTC)) == Band(0, 0, 0)


def test_the_last_minute_of_a_month_leaves_no_doubt():
    band = forecast([100] * 31, MONTH, datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC))
    assert band.likely == 3100
    assert band.high - band.low < 10


def test_the_first_hours_of_a_first_day_say_little_and_say_so():
    band = forecast([100], MONTH, datetime(2026, 5, 1, 6, tzinfo=UTC))
    assert band.low < 100 * 4 * 31 * 0.5
    assert band.high > 100 * 4 * 31 * 2


def test_devices_come_early_and_the_rest_as_in_the_month_before():
    april = [500, 100, 50] + [10] * 27
    may = [1000, 200, 100]
    band = forecast_distinct([*april, *may], MONTH, datetime(2026, 5, 3, 12, tzinfo=UTC))
    assert band == Band(1300, 1840, 2380)
    assert forecast_distinct(may, MONTH, datetime(2026, 5, 3, tzinfo=UTC)).low == 1300


@pytest.mark.parametrize(
    ("daily", "now", "says"),
    [
        ([1] * 3, datetime(2026, 5, 4, tzinfo=UTC), "3 days are given, and the month is in its day 4"),
        ([1] * 30, datetime(2026, 6, 1, tzinfo=UTC), "2026-06-01 is not in the month of 2026-05-01"),
        ([1, -1, 1], datetime(2026, 5, 3, tzinfo=UTC), "below nothing"),
    ],
)
def test_days_that_make_no_sense_are_refused_with_the_reason(daily, now, says):
    with pytest.raises(BadHistory, match=says):
        forecast(daily, MONTH, now)


def test_a_time_without_a_zone_is_refused_and_one_of_another_zone_is_the_same_instant():
    with pytest.raises(NoTimeZone, match="no time zone"):
        forecast([1] * 10, MONTH, datetime(2026, 5, 3))  # noqa: DTZ001
    india = timezone(timedelta(hours=5, minutes=30))
    first = datetime(2026, 6, 1, 3, tzinfo=india)  # still May in UTC
    assert forecast([5] * 31, MONTH, first) == forecast([5] * 31, MONTH, first.astimezone(UTC))
