"""Since when does a device stand still? The anchor: the fix it stands at. A fold over its kept fixes. Pure."""

from __future__ import annotations

import msgspec

from ingest_lambda.geometry import distance_m, farthest_m
from ingest_lambda.judgement import four_bytes
from ingest_lambda.report import PositionReport

STANDING_RADIUS_M = 30.0  # jitter of a parked phone mostly stays within; docs/standing-still.md measures it


class Anchor(msgspec.Struct, frozen=True, gc=False):
    """The kept fix a device stands at: when (epoch microseconds) and where."""

    at_us: int
    longitude: float
    latitude: float


def stand(anchor: Anchor | None, fix: PositionReport) -> Anchor:
    """The anchor after the next kept fix: the same one, unless the fix is farther away than jitter explains."""
    if anchor is not None:
        places = (anchor.longitude, anchor.latitude, fix.longitude, fix.latitude)
        if farthest_m(*places) <= STANDING_RADIUS_M:
            return anchor
        if distance_m(*places) <= max(STANDING_RADIUS_M, four_bytes(fix.accuracy_m) or 0.0):
            return anchor
    return Anchor(fix.recorded_at_us, fix.longitude, fix.latitude)
