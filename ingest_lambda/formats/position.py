"""One position as a stranger sent it, field by field: a PositionReport, or the reason why it is none."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ingest_lambda.formats.clock import BadTime, recorded_at_us
from ingest_lambda.formats.json_text import ascii_text, compact, without_surrogates
from ingest_lambda.report import (
    MAX_ACTIVITY_CHARS,
    MAX_DETAIL_CHARS,
    MAX_EXTRA_BYTES,
    MAX_PERMISSIONS_BYTES,
    MAX_RAW_BYTES,
    PositionReport,
    Refusal,
    RefusedPosition,
)

FIELDS = frozenset(
    {"recorded_at", "latitude", "longitude", "accuracy_m", "altitude_m", "speed_mps", "heading_deg"}
    | {"battery", "charging", "activity", "permissions", "extra"}
)
# Wide bounds of what a number can mean at all. The database keeps these facts in four bytes, where larger or
# smaller exponents would not fit.
LARGEST_ACCURACY_M = 100_000_000.0
LARGEST_ALTITUDE_M = 10_000_000.0
LARGEST_SPEED_MPS = 1_000_000.0
SMALLEST = 1e-30

# apps that log in by name repeat the key in what they send; it is shown to nobody
_KEY = re.compile(r"([ps]k_(?:live|test)_\w{4})\w+", re.ASCII)
_MAX_LEFT_OUT = 10
_ROOM_FOR_LEFT_OUT = 600


def four_byte(number: float | None) -> float | None:
    """`number` as the database can keep it: what is too small for four bytes is zero."""
    return number if number is None or not -SMALLEST < number < SMALLEST else 0.0


class _Refused(Exception):
    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_position(index: int, value: Any, came: Any = None) -> PositionReport | RefusedPosition:
    """The position at place `index` of a request. Never raises: what is wrong is in the RefusedPosition.

    `value` has our names and units. `came` is what the app sent where that is something else; it is shown.
    """
    try:
        return _read(value)
    except _Refused as refused:
        return set_aside(index, refused.reason, refused.detail, value if came is None else came)


def set_aside(index: int, reason: Refusal, detail: str, came: Any) -> RefusedPosition:
    """The position at place `index` refused for `reason`, with a sentence and what came in, both cut to bounds."""
    raw = _KEY.sub(r"\1...", ascii_text(came, MAX_RAW_BYTES))
    return RefusedPosition(index, reason.value, detail[:MAX_DETAIL_CHARS], raw)


def _read(value: Any) -> PositionReport:
    if not isinstance(value, dict):
        raise _Refused(Refusal.NOT_AN_OBJECT, f"the position {_shown(value)} is not an object")
    recorded = _recorded_at(value)
    latitude = _coordinate(value, "latitude", 90.0, Refusal.MISSING_LATITUDE, Refusal.BAD_LATITUDE)
    longitude = _coordinate(value, "longitude", 180.0, Refusal.MISSING_LONGITUDE, Refusal.BAD_LONGITUDE)
    facts = _OptionalFacts(value)
    return PositionReport(
        recorded_at_us=recorded,
        longitude=longitude,
        latitude=latitude,
        accuracy_m=facts.accuracy(),
        altitude_m=facts.number("altitude_m", -LARGEST_ALTITUDE_M, LARGEST_ALTITUDE_M),
        speed_mps=facts.measure("speed_mps", LARGEST_SPEED_MPS),
        heading_deg=facts.heading(),
        battery=facts.number("battery", 0.0, 1.0),
        charging=facts.charging(),
        activity=facts.activity(),
        permissions=facts.permissions(),
        extra=facts.extra(),
    )


def _recorded_at(value: dict[str, Any]) -> int:
    given = value.get("recorded_at")
    if given is None:
        raise _Refused(Refusal.MISSING_RECORDED_AT, "recorded_at is missing")
    try:
        return recorded_at_us(given)
    except BadTime as error:
        raise _Refused(Refusal.BAD_RECORDED_AT, f"recorded_at {_shown(given)} {error}") from None


def _coordinate(value: dict[str, Any], name: str, bound: float, missing: Refusal, bad: Refusal) -> float:
    given = value.get(name)
    if given is None:
        raise _Refused(missing, f"{name} is missing")
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _Refused(bad, f"{name} {_shown(given)} is not a finite number")
    if not -bound <= given <= bound:
        swapped = _looks_swapped(name, given, value.get("longitude"))
        raise _Refused(bad, f"{name} {_shown(given)} is outside -{bound:g}..{bound:g}{swapped}")
    return float(given)


def _looks_swapped(name: str, given: float, other: Any) -> str:
    """Says so where an impossible latitude would be a longitude, and the longitude a latitude."""
    if name != "latitude" or isinstance(other, bool) or not isinstance(other, int | float):
        return ""
    if not (-180.0 <= given <= 180.0 and -90.0 <= other <= 90.0):
        return ""
    return f"; with longitude {_shown(other)} it looks as if the two were swapped"


class _OptionalFacts:
    """Facts a fix can do without. What makes no sense is dropped from its field, kept under extra.dropped."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.dropped: dict[str, Any] = {}

    def number(self, name: str, smallest: float, largest: float) -> float | None:
        given = self.value.get(name)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int | float) or not smallest <= given <= largest:
            self.dropped[name] = given
            return None
        return four_byte(float(given))

    def measure(self, name: str, largest: float) -> float | None:
        """A fact for which clients send -1 when they do not know it."""
        given = self.value.get(name)
        if isinstance(given, int | float) and not isinstance(given, bool) and given < 0:
            return None
        return self.number(name, 0.0, largest)

    def accuracy(self) -> float | None:
        """An absurdly bad accuracy must not become "unknown": it would let the fix pass as a good one."""
        given = self.value.get("accuracy_m")
        if isinstance(given, int | float) and given > LARGEST_ACCURACY_M:
            self.dropped["accuracy_m"] = given
            return LARGEST_ACCURACY_M
        return self.measure("accuracy_m", LARGEST_ACCURACY_M)

    def heading(self) -> float | None:
        heading = self.measure("heading_deg", 360.0)
        return 0.0 if heading == 360.0 else heading

    def charging(self) -> bool | None:
        given = self.value.get("charging")
        if given is None or isinstance(given, bool):
            return given
        self.dropped["charging"] = given
        return None

    def activity(self) -> str | None:
        given = self.value.get("activity")
        if given is None:
            return None
        if not isinstance(given, str):
            self.dropped["activity"] = given
            return None
        return printable(given, MAX_ACTIVITY_CHARS)

    def permissions(self) -> str | None:
        given = self.value.get("permissions")
        if given is None:
            return None
        text = compact(given, MAX_PERMISSIONS_BYTES)
        if text is None:
            self.dropped["permissions"] = f"over {MAX_PERMISSIONS_BYTES} bytes or nested too deeply"
        return text

    def extra(self) -> str | None:
        """The caller's `extra`, unknown fields and what was dropped, as one JSON object; call it last."""
        given = self.value.get("extra")
        extra = {name: item for name, item in self.value.items() if name not in FIELDS}
        if isinstance(given, dict):
            extra.update(given)
        elif given is not None:
            extra["extra"] = given
        if self.dropped:
            extra["dropped"] = self.dropped
        return as_extra(extra)


def as_extra(extra: dict[str, Any]) -> str | None:
    """JSON text of at most MAX_EXTRA_BYTES; what does not fit goes, and is named under "left_out"."""
    if not extra:
        return None
    whole = compact(extra, MAX_EXTRA_BYTES)
    if whole is not None:
        return whole
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    room = MAX_EXTRA_BYTES - _ROOM_FOR_LEFT_OUT
    for name, item in extra.items():
        text = compact({name: item}, room)
        if text is None:
            left_out.append(printable(name, 20) or "")
        else:
            kept[name] = item
            room -= len(text.encode())
    kept["left_out"] = left_out[:_MAX_LEFT_OUT]
    return compact(kept, MAX_EXTRA_BYTES)


def printable(text: str, limit: int) -> str | None:
    """`text` without control characters and cut to `limit`; None when nothing is left."""
    if not text.isprintable():
        text = "".join(char for char in without_surrogates(text) if unicodedata.category(char) != "Cc")
    return text[:limit].strip() or None


def _shown(value: Any) -> str:
    return ascii_text(value, 80)
