"""What a stranger with a link may see of a trip, and nothing else. Pure: whatever is not put in here is not shown.

While it is on its way: when it is expected, and where it is unless the link withholds that. Nothing once it has
arrived but that it has; nothing at all after the link's end. Never which device, nor where it was before.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tracker.http.times import moment_text
from tracker.trips.ground import distance_m

GRACE = timedelta(hours=2)  # after the trip's end the page still says how it ended
POLL_S = 5
COARSE = timedelta(minutes=5)  # an exact time of arrival would tell the distance that is withheld
SILENT = timedelta(minutes=15)


class Seen(NamedTuple):
    """The link, its trip and the place of its device, as one query reads them."""

    share_id: int
    reveal_within_m: float | None
    expires_at: datetime
    revoked_at: datetime | None
    state: str
    name: str
    destination_longitude: float | None
    destination_latitude: float | None
    started_at: datetime
    scheduled_at: datetime | None
    eta_at: datetime | None
    eta_latest_at: datetime | None
    delayed_since: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    recorded_at: datetime | None
    longitude: float | None
    latitude: float | None
    heading_deg: float | None


def glimpse(seen: Seen, *, now: datetime) -> dict[str, Any] | None:
    """What may be seen at `now`; None where the link shows nothing any more."""
    if seen.revoked_at is not None or seen.expires_at <= now:
        return None
    if seen.ended_at is not None and seen.ended_at + GRACE <= now:
        return None
    facts: dict[str, Any] = {"state": _state(seen), "name": seen.name, "poll_s": POLL_S}
    if seen.arrived_at is not None:
        facts["arrived_at"] = moment_text(seen.arrived_at)
    if seen.state != "active":
        return facts
    withheld = _withheld(seen)
    facts |= {"withheld": withheld, "delayed": seen.delayed_since is not None, **_destination(seen)}
    if seen.eta_at is not None:
        latest = seen.eta_latest_at or seen.eta_at
        facts |= {"eta_at": _time(seen.eta_at, withheld), "eta_latest_at": _time(latest, withheld)}
    if seen.recorded_at is None or seen.recorded_at < seen.started_at:
        return facts
    facts["silent"] = now - seen.recorded_at > SILENT
    if not withheld:
        facts["position"] = {
            "longitude": seen.longitude,
            "latitude": seen.latitude,
            "heading_deg": seen.heading_deg,
            "recorded_at": moment_text(seen.recorded_at),
        }
    return facts


def _state(seen: Seen) -> str:
    if seen.state == "completed":
        return "arrived" if seen.arrived_at else "ended"
    return {"active": "on_its_way"}.get(seen.state, seen.state)


def _withheld(seen: Seen) -> bool:
    if seen.reveal_within_m is None:
        return False
    if None in (seen.longitude, seen.latitude, seen.destination_longitude, seen.destination_latitude):
        return True
    here = (seen.longitude or 0.0, seen.latitude or 0.0)
    there = (seen.destination_longitude or 0.0, seen.destination_latitude or 0.0)
    return distance_m(here, there) > seen.reveal_within_m


def _destination(seen: Seen) -> dict[str, Any]:
    if seen.destination_longitude is None:
        return {}
    return {"destination": {"longitude": seen.destination_longitude, "latitude": seen.destination_latitude}}


def _time(moment: datetime, withheld: bool) -> str:
    """Up to the next whole five minutes where the place is withheld."""
    if not withheld:
        return moment_text(moment)
    steps = -(-(moment - datetime.min.replace(tzinfo=UTC)) // COARSE)
    return moment_text(datetime.min.replace(tzinfo=UTC) + steps * COARSE)
