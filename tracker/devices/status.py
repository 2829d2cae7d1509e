"""The one rule that says how a device is doing, from two times and the present. Pure; the map has its twin.

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


def offline_after(cadence_s: float | None) -> timedelta:
    """How long a device that usually reports every `cadence_s` seconds (None: not known) may be quiet."""
    own = timedelta(seconds=CADENCES * min(cadence_s or 0.0, OFFLINE_AT_LATEST.total_seconds()))
    return max(OFFLINE_AFTER, min(own, OFFLINE_AT_LATEST))


def status_of(recorded_at: datetime | None, moved_at: datetime | None, *, now: datetime) -> Status:
    """The status at `now` of a device heard of at `recorded_at`, which last moved at `moved_at`.

    Exactly 8:00 minutes is still active and exactly 15:00 still not offline. Being offline outweighs standing
    still. A device without `moved_at` counts as having moved with its last position.
    """
    if recorded_at is None:
        return Status.WAITING
    if now - recorded_at > OFFLINE_AFTER:
        return Status.OFFLINE
    if now - (moved_at or recorded_at) > IDLE_AFTER:
        return Status.IDLE
    return Status.ACTIVE
