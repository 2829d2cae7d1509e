"""The addresses of the door: which way in a path is, and what it says of key and device."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ingest_lambda.formats.taking_apart import unescaped
from ingest_lambda.problems import Problem

POSITIONS_PATH = "/ingest/v1/positions"
DEVICES_PATH = "/ingest/v1/devices"
ANY_PATH = "/ingest"

EXPLAIN = "explain"
# what apps and servers of their kind put behind the address they were given; none of it is a device
APPENDED = frozenset({"", "gprmc", "input", "pub"})


class Way(Enum):
    """The three ways in."""

    POSITIONS = "our own JSON"
    DEVICES = "registrations"
    ANY = "any app"


POSITIONS, DEVICES, ANY = (
    Way  # by name: looking a member up at its class costs more than all the rest of finding
)


class Address(NamedTuple):
    """Where a request goes. `key` and `device` are those in the path, None where it has none."""

    way: Way
    methods: frozenset[str]
    key: str | None = None
    device: str | None = None
    explain: bool = False


_POST, _GET_OR_POST = frozenset({"POST"}), frozenset({"GET", "POST"})
_POSITIONS, _DEVICES = Address(POSITIONS, _POST), Address(DEVICES, _POST)
_FIXED = {
    POSITIONS_PATH: _POSITIONS,
    POSITIONS_PATH + "/": _POSITIONS,
    DEVICES_PATH: _DEVICES,
    DEVICES_PATH + "/": _DEVICES,
}


def find(path: str) -> Address:
    """The address at `path`; raises Problem 404.

    `/ingest` takes the key from a header, `/ingest/KEY` from itself; `/DEVICE` may follow, then `/explain`. What
    else follows was appended by an app and is ignored.
    """
    return _FIXED.get(path) or _any_app(path)


def shown(path: str) -> str:
    """`path` fit for a log line: whatever stands where a key belongs is left out, mistyped ones too."""
    if not path.startswith(ANY_PATH + "/") or path in _FIXED:
        return path
    first, slash, rest = path[len(ANY_PATH) + 1 :].partition("/")
    return path if first in {"", "v1", EXPLAIN} else f"{ANY_PATH}/...{slash}{rest}"


def _any_app(path: str) -> Address:
    root, _, rest = path[1:].partition("/")
    segments = rest.split("/") if rest else []
    if root != ANY_PATH[1:] or not path.startswith("/") or segments[:1] == ["v1"]:
        raise Problem(
            404,
            "not_found",
            f"Nothing is here. Apps report to {ANY_PATH}/KEY, our own JSON to {POSITIONS_PATH}.",
        )
    while segments and not segments[-1]:
        segments.pop()
    explain = segments[-1:] == [EXPLAIN]
    if explain:
        segments.pop()
    key = segments[0] if segments else None
    device = segments[1] if len(segments) > 1 and segments[1].lower() not in APPENDED else None
    if device is not None:
        device = unescaped(device.encode("latin-1", "replace"), plus=False)
    return Address(ANY, _GET_OR_POST, key, device, explain)
