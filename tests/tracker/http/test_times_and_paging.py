"""Times as people write them, and cursors nobody can make up. No database."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.http.seals import BrokenSeal, seal, unseal
from tracker.http.times import EPOCH, BadMoment, moment_text, parse_moment

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T12:00:00Z",
        "2026-05-01T12:00:00+00:00",
        "2026-05-01T14:00:00+02:00",
        "2026-05-01T14:00:00 02:00",  # a + that nobody escaped
        "2026-05-01T14:00:00.000 0200",
        "2026-05-01T12:00",
        "2026-05-01 12:00:00",
        "20260501T120000Z",
        "1777636800",
        "1777636800.0",
        "1777636800000",
    ],
)
def test_one_moment_is_read_in_all_its_forms(text):
    assert parse_moment(text) == NOON


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13-01", "2026-02-30T00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
     "NaN", "inf", "1e9", "-1e9", "٣", "2026-05-01T12:00:00ZZ", "1" * 16, "9" * 15, "-99999999999", "x" * 1000,
     "2026-05-01T25:00:00Z", "2026-05-01T12:00:60Z"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadMoment):
        parse_moment(text)


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading_of_times(text):
    with contextlib.suppress(BadMoment):
        assert parse_moment(text).tzinfo is UTC


def test_times_are_written_in_utc_with_microseconds():
    there = timezone(timedelta(hours=5, minutes=30))
    assert moment_text(datetime(2026, 5, 1, 17, 30, tzinfo=there)) == "2026-05-01T12:00:00.000000Z"


@given(st.integers(-(2 * 10**15), 32 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us)))
def test_what_is_written_is_read_again_exactly(moment):
    assert parse_moment(moment_text(moment)) == moment


@given(st.binary(min_size=1, max_size=200))
def test_what_is_sealed_opens_for_its_purpose_alone(contents):
    sealed = seal("devices:1", contents)
    assert unseal("devices:1", sealed) == contents
    with pytest.raises(BrokenSeal):
        unseal("devices:2", sealed)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_changed_seal_does_not_open(contents, data):
    sealed = bytearray(seal("list", contents))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BrokenSeal):
        unseal("list", bytes(sealed))


@given(st.binary(max_size=100))
def test_made_up_bytes_do_not_open(sealed):
    with pytest.raises(BrokenSeal):
        unseal("list", sealed)


def test_a_seal_of_another_secret_does_not_open(settings):
    sealed = seal("list", b"1")
    settings.SECRET_KEY = "another"
    with pytest.raises(BrokenSeal):
        unseal("list", sealed)
