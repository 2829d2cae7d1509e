"""The one rule that says how a device is doing, from two times, its trips and the present. Pure; the map has its twin.

The same rule in JavaScript is `static/js/live/status.js`; a test runs both over the same boundaries.
"""

from datetime import datetime, timedelta
from enum import StrEnum

IDLE_AFTER = timedelta(minutes=8)  # standing still for longer than this
OFFLINE_AFTER = timedelta(minutes=15)  # not heard of for longer than this, and longer than
CADENCES = 3  # times its usual gap between reports, and in any case for longer than
OFFLINE_AT_LATEST = timedelta(hours=24)


class Status(StrEnum):
    """How a device is doing now."""

    WAITING = "waiting"  # registered, never had a position
    ACTIVE = "active"
    IDLE = "idle"
    OFFLINE = "offline"
    RISK = "risk"  # heard of, and late or off the route of a trip


class Risk(StrEnum):
    """What puts a device's trip under way at risk; being off its route outweighs being late."""

    NONE = ""
    LATE = "late"
    OFF_ROUTE = "off_route"


def offline_after(cadence_s: float | None) -> timedelta:
    """How long a device that usually reports every `cadence_s` seconds (None: not known) may be quiet."""
    own = timedelta(seconds=CADENCES * min(cadence_s or 0.0, OFFLINE_AT_LATEST.total_seconds()))
    return max(OFFLINE_AFTER, min(own, OFFLINE_AT_LATEST))


def status_of(
    recorded_at: datetime | None,
    moved_at: datetime | None,
    *,
    now: datetime,
    cadence_s: float | None = None,
    risk: str = "",
) -> Status:
    """The status at `now` of a device heard of at `recorded_at`, which last moved at `moved_at`.

    Exactly 8:00 minutes is still active, and a device is still not offline exactly at its bound, 15:00 or what
    `offline_after` says. Being offline outweighs all, being at risk outweighs standing still. A device without
    `moved_at` counts as having moved with its last position.
    """
    if recorded_at is None:
        return Status.WAITING
    if now - recorded_at > offline_after(cadence_s):
        return Status.OFFLINE
    if risk:
        return Status.RISK
    if now - (moved_at or recorded_at) > IDLE_AFTER:
        return Status.IDLE
    return Status.ACTIVE
