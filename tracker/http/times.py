"""Times at the API's border: read what people send, write ISO 8601 in UTC with microseconds."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

Moment = Annotated[
    str,
    Meta(
        examples=["2026-05-01T08:30:00.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 100_000_000_000  # as seconds this is the year 5138
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_PLUS_LOST = re.compile(r"(:[0-9]{2}(?:\.[0-9]+)?) ([0-9]{2}:?[0-9]{2})$")


class BadMoment(ValueError):
    """A text that is no time between the years 1900 and 3000."""


def parse_moment(text: str) -> datetime:
    """The time in `text`, in UTC: ISO 8601 (UTC where it names no offset), or seconds or milliseconds since 1970.

    A `+` that was not escaped in a URL arrives as a space and is taken for what it was. Raises BadMoment.
    """
    try:
        moment = _from_number(float(text)) if _NUMBER.fullmatch(text) else _from_iso(text)
    except (ValueError, OverflowError):
        raise BadMoment from None
    if not EARLIEST <= moment < LATEST:
        raise BadMoment
    return moment


def moment_text(moment: datetime) -> str:
    """`2026-05-01T08:30:00.000000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _from_number(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    return EPOCH + timedelta(seconds=seconds)


def _from_iso(text: str) -> datetime:
    if len(text) > 40:
        raise BadMoment
    moment = datetime.fromisoformat(_PLUS_LOST.sub(r"\1+\2", text))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
