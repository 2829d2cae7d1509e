"""Intervals whose end names no day: over midnight where that is short, refused where begin and end were swapped."""

import pytest

from dispatch.shipments.intervals import BadInterval, parse_interval


@pytest.mark.parametrize(
    ("text", "hours"), [("2026-11-23T22:00Z/02:00", 4), ("2026-11-23T20:00+05:30/08:00", 12)]
)
def test_a_short_slot_may_cross_midnight(text, hours):
    begin, end = parse_interval(text)
    assert (end - begin).total_seconds() == hours * 3600


def test_a_long_slot_of_one_local_day_is_no_matter_of_midnight():
    begin, end = parse_interval("2026-11-23T00:30+05:30/23:30")
    assert (end - begin).total_seconds() == 23 * 3600


def test_a_slot_whose_times_were_swapped_is_refused_with_its_hours():
    with pytest.raises(BadInterval, match="ends before it begins; over midnight it would last 23 hours"):
        parse_interval("2026-11-23T20:00/19:00")
