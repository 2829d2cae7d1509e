"""When a fix was taken: ISO 8601 or an epoch number, in seconds or milliseconds, to epoch microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest_lambda.report import MICROSECONDS

# The size of a number tells its unit: below 1e11 it is seconds (up to the year 5138), from there on
# milliseconds (from March 1973). A clock that never was set reports a few seconds after 1970: that is a time,
# and is judged later as too old.
SECONDS_BELOW = 100_000_000_000
MILLISECONDS_BELOW = 1000 * SECONDS_BELOW

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,20}(\.[0-9]{0,20})?\s*", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-?\w{2,3}-?\d{1,2}[Tt ]\d", re.ASCII)
_LEAP_SECOND = re.compile(r":60(?=$|[.,Zz+-])")


class BadTime(ValueError):
    """A value that is no time; the message says why."""


def recorded_at_us(value: Any) -> int:
    """Epoch microseconds of `value`: a number, a number as text, or ISO 8601 date and time.

    ISO 8601 without an offset is taken as UTC. Numbers: see SECONDS_BELOW. Times before 1970 or after the
    year 5138 are BadTime. A leap second counts as the second after.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadTime("is neither a date and time nor a number")
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return _from_iso(value)
        value = float(value) if "." in value else int(value)
    if not 0 <= value < MILLISECONDS_BELOW:
        raise BadTime("lies outside the years 1970 to 5138 in seconds and in milliseconds")
    number: int | float = value
    return round(number * (MICROSECONDS if number < SECONDS_BELOW else 1000))


def _from_iso(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _from_odd_iso(text)
    else:
        if len(text) < 16 and not _DATE_AND_TIME.match(text):
            raise BadTime("is a date without a time of day")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if not 0 <= microseconds < SECONDS_BELOW * MICROSECONDS:
        raise BadTime("lies outside the years 1970 to 5138")
    return microseconds


def _from_odd_iso(text: str) -> datetime:
    """Forms near ISO 8601 that Python does not read: lower case, spaces around, a leap second."""
    tidy = text.strip().upper()
    leap = _LEAP_SECOND.search(tidy)
    if leap:
        tidy = f"{tidy[: leap.start()]}:59{tidy[leap.end() :]}"
    try:
        return datetime.fromisoformat(tidy) + timedelta(seconds=1 if leap else 0)
    except (ValueError, OverflowError):
        raise BadTime("is not an ISO 8601 date and time") from None
