"""What a secret key may do: read or write everything, or only in some areas of the API. Pure.

A key holds words: `read`, `write`, `devices:read`, `devices:write` and so on. Write includes read of the same area.
"""

from collections.abc import Iterable

FULL = "write"
# the first part of an address below /api/v1/, and its area; what is not listed belongs to dispatch
AREAS_OF = {
    "devices": "devices",
    "geofences": "geofences",
    "geofence-versions": "geofences",
    "crossings": "geofences",
    "visits": "geofences",
    "trips": "trips",
    "alerts": "alerts",
    "expected-presences": "alerts",
    "webhook-endpoints": "webhooks",
    "webhook-schemas": "webhooks",
    "events": "webhooks",
    "outcomes": "reports",
    "quarantine": "reports",
    "dead-letters": "reports",
}
ABOUT_ITSELF = "environment"  # every key may ask whose it is
AREAS = {
    "devices": "Devices, positions, certificates",
    "geofences": "Geofences and crossings",
    "trips": "Trips and links",
    "alerts": "Alerts",
    "webhooks": "Webhooks and events",
    "reports": "Outcomes, quarantine, dead letters",
    "dispatch": "Dispatch",
}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
KNOWN = ("read", "write", *(f"{area}:{deed}" for area in AREAS for deed in ("read", "write")))


def words_of(text: str) -> frozenset[str]:
    """The words of a key's column."""
    return frozenset(text.split())


def text_of(words: Iterable[str]) -> str:
    """The column's text, in a fixed order. Raises ValueError for a word there is not, and for none at all."""
    wanted = set(words)
    if unknown := wanted - set(KNOWN):
        raise ValueError(f"there is no scope {min(unknown)!r}; there are {', '.join(KNOWN)}")
    if not wanted:
        raise ValueError("a key that may do nothing is of no use: choose at least one scope")
    if FULL in wanted:
        wanted = {FULL}
    return " ".join(word for word in KNOWN if word in wanted)


def area_of(path: str) -> str:
    """The area of an API address, empty for what every key may ask."""
    first = path.removeprefix("/").removeprefix("api/v1/").partition("/")[0]
    return "" if first == ABOUT_ITSELF else AREAS_OF.get(first, "dispatch")


def needed(method: str, area: str) -> str:
    """The least word that lets a request through, as an answer names it."""
    return f"{area}:{'read' if method in READING else 'write'}"


def lets(text: str, method: str, area: str) -> bool:
    """Whether a key with these words may make this request."""
    words = words_of(text)
    if not area or FULL in words or f"{area}:write" in words:
        return True
    return method in READING and bool({"read", f"{area}:read"} & words)
