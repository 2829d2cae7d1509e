"""When windows are due: local hours, over clock changes, and the last of many that were missed."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dispatch.planning.windows import day_ends, last_due, local_day, next_due

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_six_in_pune_is_half_past_midnight_in_utc():
    assert next_due(time(6), EVERY_DAY, "Asia/Kolkata", at("2026-05-04T00:00")) == at("2026-05-04T00:30")


def test_the_moment_itself_is_not_after_itself():
    due = at("2026-05-04T00:30")
    assert next_due(time(6), EVERY_DAY, "Asia/Kolkata", due) == due + timedelta(days=1)


def test_six_stays_six_when_the_clock_is_put_forward():
    before = next_due(time(6), EVERY_DAY, "Europe/Amsterdam", at("2026-03-28T00:00"))
    assert before == at("2026-03-28T05:00")
    assert next_due(time(6), EVERY_DAY, "Europe/Amsterdam", before) == at("2026-03-29T04:00")


def test_a_time_in_the_hour_that_is_skipped_is_due_at_the_jump():
    assert next_due(time(2, 30), EVERY_DAY, "Europe/Amsterdam", at("2026-03-28T12:00")) == at(
        "2026-03-29T01:00"
    )


def test_a_time_in_the_hour_that_comes_twice_is_due_once():
    first = next_due(time(2, 30), EVERY_DAY, "Europe/Amsterdam", at("2026-10-24T12:00"))
    assert first == at("2026-10-25T00:30")
    assert next_due(time(2, 30), EVERY_DAY, "Europe/Amsterdam", first) == at("2026-10-26T01:30")


def test_over_a_year_with_its_clock_changes_every_day_is_due_once():
    moment = at("2026-01-01T12:00")
    days: list[date] = []
    while len(days) < 365:
        found = next_due(time(2, 30), EVERY_DAY, "America/New_York", moment)
        assert found is not None
        moment = found
        days.append(local_day(moment, "America/New_York"))
    assert days == [date(2026, 1, 2) + timedelta(days=n) for n in range(365)]


def test_weekdays_are_those_of_the_place():
    # Monday 06:00 in Auckland is still Sunday in UTC
    assert next_due(time(6), (1,), "Pacific/Auckland", at("2026-05-02T00:00")) == at("2026-05-03T18:00")


def test_without_a_weekday_it_is_never_due():
    assert next_due(time(6), (), "Asia/Kolkata", at("2026-05-04T00:00")) is None


def test_of_a_week_of_missed_times_the_last_one_counts():
    assert last_due(time(6), EVERY_DAY, "Asia/Kolkata", at("2026-05-04T12:00")) == at("2026-05-04T00:30")
    assert last_due(time(6), (5,), "Asia/Kolkata", at("2026-05-04T12:00")) == at("2026-05-01T00:30")


@pytest.mark.parametrize(
    ("day", "ends"), [(date(2026, 3, 29), "2026-03-29T22:00"), (date(2026, 10, 25), "2026-10-25T23:00")]
)
def test_a_day_of_a_clock_change_ends_at_its_own_midnight(day, ends):
    assert day_ends(day, "Europe/Amsterdam") == at(ends)
