"""The times of a recording: ISO 8601, epoch numbers, local times of a named zone, or seconds from a start. Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from tracker.replay.recording import EPOCH, Unreadable

NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
SECONDS_BELOW = 100_000_000_000  # the same line the ingest endpoint draws between seconds and milliseconds
MICROSECOND = timedelta(microseconds=1)
SAMPLE = 200
LAST_RELATIVE_S = (
    100_000_000  # a number below this is March 1973 or three years of recording: surely the latter
)


class NoTime(ValueError):
    """A cell that is no time; the message says why."""


class Clock(NamedTuple):
    """How to read the times of one file."""

    read: Callable[[str], int]
    note: str = ""


def clock_for(sample: list[str], *, column: str, zone: tzinfo | None, relative: bool) -> Clock:
    """How the times in `sample` are to be read, as epoch microseconds.

    Raises Unreadable, with the option to give, where they lack a time zone or count from an unknown start.
    """
    texts = [text.strip() for text in sample[:SAMPLE] if text.strip()]
    numbers = [float(text) for text in texts if NUMBER.fullmatch(text)]
    if texts and len(numbers) * 2 > len(texts):
        if relative:
            return Clock(_relative, f"{column} counts seconds from each device's start: all begin together")
        if max(numbers) < LAST_RELATIVE_S:
            raise Unreadable(
                f"column {column} holds small numbers such as {texts[0]}: seconds from some start, not moments. "
                "Say --relative-times to let all devices start at the same moment."
            )
        return Clock(_epoch)
    if relative:
        raise Unreadable(f"--relative-times: column {column} holds {texts[:1]}, which are no seconds.")
    if zone is None and any(_is_naive(text) for text in texts):
        raise Unreadable(
            f"the times in column {column} name no time zone. Say it, as in --time-zone UTC or "
            "--time-zone America/Maceio."
        )
    return Clock(lambda text: _iso(text, zone))


def _relative(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise NoTime(f"{text[:40]!r} is no number of seconds")
    return round(float(text) * 1_000_000)


def _epoch(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise NoTime(f"{text[:40]!r} is no epoch time")
    value = float(text)
    return round(value * (1_000_000 if abs(value) < SECONDS_BELOW else 1000))


def _iso(text: str, zone: tzinfo | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NoTime(f"{text[:40]!r} is no ISO 8601 date and time") from None
    if moment.tzinfo is None:
        if zone is None:
            raise NoTime(f"{text[:40]!r} names no time zone")
        moment = moment.replace(tzinfo=zone)
    return (moment.astimezone(UTC) - EPOCH) // MICROSECOND


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False
