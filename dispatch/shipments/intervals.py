"""Slots as ISO 8601 intervals: read what callers send, write `from/to` in UTC. Pure."""

import re
from datetime import datetime, timedelta

from dispatch.shipments.kinds import Slot
from tracker.http.times import BadMoment, moment_text, parse_moment

LONGEST = timedelta(days=31)
LONGEST_NIGHT = timedelta(hours=12)  # where an end without a date is read as one of the next day
DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,3})D)?"
    r"(?:T(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,5})M)?(?:(?P<seconds>\d{1,7})S)?)?"
)


class BadInterval(ValueError):
    """A text that is no interval; says why."""


def parse_interval(text: str) -> Slot:
    """`from/to`, `from/duration` or `duration/to`; UTC where a time names no offset. Raises BadInterval.

    An end without a date (`2026-05-01T09:00Z/11:00`) is on the day of the beginning, or the day after where that would
    not be later, at the same offset; more than 12 hours over midnight are refused, for begin and end were swapped.
    """
    begin_text, slash, end_text = text.partition("/")
    if not slash or not begin_text or not end_text:
        raise BadInterval(f"{text[:80]!r} is no interval such as 2026-05-01T09:00:00Z/2026-05-01T11:00:00Z.")
    begin_is, end_is = begin_text.startswith("P"), end_text.startswith("P")
    try:
        if begin_is and end_is:
            raise BadInterval(f"{text[:80]!r} has two durations and no time.")
        if begin_is:
            end = parse_moment(end_text)
            begin = end - _duration(begin_text)
        else:
            begin = parse_moment(begin_text)
            end = begin + _duration(end_text) if end_is else _end(begin_text, end_text)
    except (BadMoment, OverflowError):
        raise BadInterval(f"{text[:80]!r} holds something that is no time.") from None
    if end <= begin:
        raise BadInterval(f"{text[:80]!r} does not end after it begins.")
    if end - begin > LONGEST:
        raise BadInterval(f"{text[:80]!r} is longer than {LONGEST.days} days.")
    return begin, end


def interval_text(slot: Slot) -> str:
    """`2026-05-01T09:00:00.000000Z/2026-05-01T11:00:00.000000Z`."""
    return "/".join(moment_text(moment) for moment in slot)


def _end(begin_text: str, end_text: str) -> datetime:
    if "T" in end_text or "-" in end_text.strip("-+"):
        return parse_moment(end_text)
    offset = re.search(r"(Z|[+-]\d{2}:?\d{2})$", begin_text)
    end = parse_moment(f"{begin_text[:10]}T{end_text}{offset[0] if offset else ''}")
    begin = parse_moment(begin_text)
    if end > begin:
        return end
    end += timedelta(days=1)
    if end - begin > LONGEST_NIGHT:
        hours = (end - begin).total_seconds() / 3600
        raise BadInterval(
            f"{begin_text}/{end_text} ends before it begins; over midnight it would last {hours:g} hours. "
            "Write the date of the end as well if that is meant."
        )
    return end


def _duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text)
    parts = {name: int(value) for name, value in found.groupdict().items() if value} if found else {}
    if not parts:
        raise BadInterval(f"{text[:40]!r} is no duration such as PT2H.")
    return timedelta(**parts)
