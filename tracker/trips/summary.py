"""What a trip was like, from all its positions: way, time, pauses, in time or not."""

from typing import Any

from tracker.http.times import moment_text
from tracker.trips.advance import EPOCH, MICROSECOND, us
from tracker.trips.ground import distance_m
from tracker.trips.models import Trip
from tracker.trips.movement import MovingFix, segments
from tracker.trips.progress import Fix


def summary_of(trip: Trip, fixes: list[Fix]) -> dict[str, Any]:
    """The summary as Trip.summary keeps it: times as texts, lengths in metres, `fixes` in recorded order."""
    ended_us = us(trip.arrived_at or trip.ended_at or trip.started_at)
    way = [fix for fix in fixes if fix.at_us <= ended_us]
    parts = segments([MovingFix(fix.at_us / 1e6, fix.longitude, fix.latitude) for fix in way])
    distance = sum(part.distance_m for part in parts)
    duration_s = max(0.0, (ended_us - us(trip.started_at)) / 1e6)
    stops = [part for part in parts if part.kind == "stopped"]
    straight = None
    if way and trip.destination is not None:
        straight = distance_m(way[0].place, (trip.destination.x, trip.destination.y))
    late_by_s = None
    if trip.scheduled_at is not None and trip.arrived_at is not None:
        late_by_s = (trip.arrived_at - trip.scheduled_at).total_seconds()
    return {
        "distance_m": round(distance, 1),
        "duration_s": round(duration_s, 3),
        "average_speed_mps": round(distance / duration_s, 2) if duration_s else None,
        "straight_m": round(straight, 1) if straight is not None else None,
        "detour": round(distance / straight, 2) if straight and trip.arrived_at else None,
        "on_time": late_by_s <= 0 if late_by_s is not None else None,
        "late_by_s": late_by_s,
        "positions": len(way),
        "stopped_s": round(sum(stop.duration_s for stop in stops), 3),
        "dwells": [_dwell(stop.from_s, stop.to_s, stop.longitude, stop.latitude) for stop in stops],
    }


def _dwell(from_s: float, to_s: float, longitude: float, latitude: float) -> dict[str, Any]:
    since, until = (EPOCH + round(second * 1e6) * MICROSECOND for second in (from_s, to_s))
    return {
        "from_": moment_text(since),
        "to": moment_text(until),
        "duration_s": round(to_s - from_s, 3),
        "longitude": round(longitude, 6),
        "latitude": round(latitude, 6),
    }
