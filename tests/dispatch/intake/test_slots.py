"""Slots as people write them, on the clock of the hub, over midnight and clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.intake.cells import Wrong
from dispatch.intake.slots import Clock, from_parts, judge, parse_slots

PUNE, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 23)
MORNING = "03:30-06:30"  # nine to twelve in Pune


def told(spans) -> list[str]:
    return [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in spans]


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026-11-23T09:00/12:00", Clock(PUNE)),
        ("2026-11-23T09:00/2026-11-23T12:00", Clock(PUNE)),
        ("2026-11-23T09:00+05:30/12:00", Clock(BERLIN)),
        ("2026-11-23T03:30Z/PT3H", Clock(BERLIN)),
        ("PT3H/2026-11-23T12:00", Clock(PUNE)),
        ("20261123T0900/1200", Clock(PUNE)),
        ("2026-11-23 09:00 - 12:00", Clock(PUNE)),
        ("23/11/2026 09:00 - 12:00", Clock(PUNE)),
        ("23-11-2026 09:00-12:00", Clock(PUNE)),
        ("11/23/2026 9 am to 12 pm", Clock(PUNE)),
        ("23.11.2026 9:00 bis 12:00", Clock(PUNE)),
        ("23 Nov 2026 9:00 – 12:00", Clock(PUNE)),
        ("09:00-12:00", Clock(PUNE, day=DAY)),
        ("9am-12pm", Clock(PUNE, day=DAY)),
        ("9-12", Clock(PUNE, day=DAY)),
    ],
)
def test_a_slot_is_read_however_it_is_written(text, clock):
    [(begin, end)] = parse_slots(text, clock)
    assert told([(begin, end)]) == [MORNING]
    assert begin.date() == DAY


def test_a_slot_that_ends_before_it_begins_on_the_clock_crosses_midnight():
    [(begin, end)] = parse_slots("2026-11-23T22:00/02:00", Clock(PUNE))
    assert (end - begin).total_seconds() == 4 * 3600
    assert end.astimezone(PUNE).date() == date(2026, 11, 24)


def test_several_slots_are_put_in_order_and_those_that_touch_are_one():
    text = "2026-11-24T09:00/12:00; 2026-11-23T09:00/10:00; 2026-11-23T10:00/12:00"
    assert told(parse_slots(text, Clock(PUNE))) == [MORNING, MORNING]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2026-03-29T01:00/05:00", 3.0),  # the clock is put forward
        ("2026-03-29T02:30/05:00", 1.5),  # begins at an hour that there is not: behind it
        ("2026-10-25T01:00/05:00", 5.0),  # and back
        ("2026-10-25T02:00/02:30", 1.5),  # from the first two o'clock to the second half past two
        ("2026-03-29", 23.0),
    ],
)
def test_clock_changes_make_a_slot_as_long_as_it_is(text, hours):
    [(begin, end)] = parse_slots(text, Clock(BERLIN))
    assert (end - begin).total_seconds() / 3600 == hours


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("11/12/2026 09:00-12:00", "two ways"),
        ("09:00-12:00", "no day"),
        ("2026-11-23T09:00/09:00", "ends when it begins"),
        ("2026-11-23T12:00/2026-11-22T09:00", "ends before"),
        ("2026-11-23T20:00/19:00", "over midnight it would last 23 hours"),
        ("2026-02-30T09:00/12:00", "calendar"),
        ("2026-11-23T09:00", "no slot"),
        ("soon", "no slot"),
        ("2026-11-23T25:00/26:00", "time of day"),
        ("2026-11-23T09:00/P", "no slot|duration|time"),
        ("; ".join(["2026-11-23T09:00/12:00"] * 11), "11 slots"),
        ("2026-01-01T00:00/2026-12-31T00:00", "longer than"),
    ],
)
def test_what_is_no_slot_says_why(text, why):
    with pytest.raises(Wrong, match=why):
        parse_slots(text, Clock(PUNE))


@pytest.mark.parametrize(
    ("parts", "told_as"),
    [
        (("2026-11-23", "09:00", "12:00"), MORNING),
        (("23/11/2026", "9 am", "12 pm"), MORNING),
        (("2026-11-23T00:00", "09:00:00", "12:00:00"), MORNING),
        (("", "2026-11-23 09:00", "2026-11-23 12:00"), MORNING),
        (("2026-11-23", "22:00", "02:00"), "16:30-20:30"),
        (("2026-11-23", "18:00", ""), "12:30-18:30"),
        (("2026-11-23", "", "06:00"), "18:30-00:30"),
        (("2026-11-23", "", ""), "18:30-18:30"),
    ],
)
def test_day_begin_and_end_may_stand_in_cells_of_their_own(parts, told_as):
    day, begin, end = parts
    span = from_parts(day, begin, end, Clock(PUNE))
    assert span is not None
    assert told([span]) == [told_as]


def test_slots_that_are_over_are_told_and_years_that_cannot_be_meant_refused():
    spans = parse_slots("2026-11-23T09:00/12:00; 2026-11-24T09:00/12:00", Clock(PUNE))
    assert judge(spans, datetime(2026, 11, 23, 0, tzinfo=UTC), PUNE).warning == ""
    assert "one of the slots is over" in judge(spans, datetime(2026, 11, 23, 12, tzinfo=UTC), PUNE).warning
    assert "ended on 2026-11-24 12:00" in judge(spans, datetime(2026, 11, 25, tzinfo=UTC), PUNE).past
    with pytest.raises(Wrong, match="year"):
        judge(spans, datetime(2025, 1, 1, tzinfo=UTC), PUNE)
