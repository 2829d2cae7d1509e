"""When deliveries are tried again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.webhooks.schedule import ATTEMPTS, DELAYS, asked_wait, next_due

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)


def test_attempts_follow_the_table():
    assert [delay.total_seconds() for delay in DELAYS] == [0, 5, 300, 1800, 7200, 18000, 36000, 36000]


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_all_attempts_together_span_more_than_a_day_whatever_the_jitter(chances):
    now = NOW
    for attempts, chance in enumerate(chances[1:], 1):
        due = next_due(attempts, now=now, random=chance)
        assert due is not None
        assert DELAYS[attempts] * 0.8 <= due - now <= DELAYS[attempts] * 1.2
        now = due
    assert timedelta(days=1) < now - NOW < timedelta(days=2)
    assert next_due(ATTEMPTS, now=now, random=0.5) is None


def test_two_that_failed_together_do_not_come_back_together():
    assert next_due(3, now=NOW, random=0.1) != next_due(3, now=NOW, random=0.9)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("86400", 86400),
        ("999999999999999999999", 86400),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), 7200),
        (format_datetime(NOW + timedelta(days=30), usegmt=True), 86400),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Mon, 04 May 2026 08:31:00 -0000", 60),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("²", 0),
        ("soon", 0),
        ("Mon, 99 May 2026 08:31:00 GMT", 0),
        ("Mon, 04 May 99999999999 08:31:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_day_at_most(header, seconds):
    assert asked_wait(header, now=NOW) == timedelta(seconds=seconds)


@given(st.text(max_size=60))
def test_no_retry_after_breaks_anything(header):
    assert timedelta() <= asked_wait(header, now=NOW) <= timedelta(days=1)


def test_what_the_receiver_asks_for_makes_the_wait_longer_and_never_shorter():
    assert next_due(1, now=NOW, random=0, retry_after="3600") == NOW + timedelta(hours=1)
    assert next_due(6, now=NOW, random=0, retry_after="1") == NOW + timedelta(hours=9)
