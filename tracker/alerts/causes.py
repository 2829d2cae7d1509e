"""What an event means for alerts: which it may raise, which it ends. Without a look into the database."""

import uuid
from dataclasses import dataclass
from typing import Any

from tracker.alerts.models import Alert
from tracker.outbox.catalogue import Kind as Event

Kind = Alert.Kind
# one event of the outbox -> the kinds of alert it raises and ends, where its data names what they are about
RAISES = {Event.TRIP_DELAYED: Kind.DELAYED, Event.TRIP_OFF_CORRIDOR: Kind.OFF_CORRIDOR}
ENDS_A_TRIP = (Event.TRIP_ARRIVED, Event.TRIP_COMPLETED, Event.TRIP_CANCELLED)
CROSSINGS = (Event.GEOFENCE_ENTERED, Event.GEOFENCE_EXITED)
ENDINGS = {
    Kind.SILENT: (Event.DEVICE_ONLINE,),
    Kind.DELAYED: (Event.TRIP_BACK_ON_TIME, *ENDS_A_TRIP),
    Kind.OFF_CORRIDOR: (Event.TRIP_BACK_ON_CORRIDOR, *ENDS_A_TRIP),
    Kind.ENTERED: CROSSINGS,
    Kind.LEFT: CROSSINGS,
}
RISKY = (
    Event.TRIP_DELAYED,
    Event.TRIP_OFF_CORRIDOR,
    Event.TRIP_BACK_ON_TIME,
    Event.TRIP_BACK_ON_CORRIDOR,
    *ENDS_A_TRIP,
)
CONCERNING = {Event.DEVICE_SILENT, Event.DEVICE_ONLINE, Event.CROSSING_CORRECTED, *CROSSINGS, *RISKY}
_NAMES = uuid.UUID("6f2b1d0c-8c55-4c0e-9f0a-3f2e6f0f7a11")


@dataclass(frozen=True)
class Cause:
    """What makes two alerts of a device one while they are open."""

    kind: Alert.Kind
    subject: str = ""  # public id of the geofence or trip it is about

    def uid(self, origin: str) -> uuid.UUID:
        """The alert that `origin` (public id of an event or crossing) raises: the same however often it comes."""
        return uuid.uuid5(_NAMES, f"{origin}:{self.kind}:{self.subject}")


def raised_by(kind: str, data: dict[str, Any]) -> list[Cause]:
    """The alerts an event may raise; for crossings, where the geofence says that it wants them."""
    if kind == Event.DEVICE_SILENT:
        return [Cause(Kind.SILENT)]
    if kind in RAISES:
        return [Cause(RAISES[Event(kind)], data["trip"]["id"])]
    if kind in {*CROSSINGS, Event.CROSSING_CORRECTED}:
        return _of_crossing(data, entered=Kind.ENTERED, left=Kind.LEFT)
    return []


def ended_by(kind: str, data: dict[str, Any]) -> list[Cause]:
    """The alerts an event ends: who enters is no more gone, who leaves no more inside."""
    if kind == Event.DEVICE_ONLINE:
        return [Cause(Kind.SILENT)]
    if kind in {*CROSSINGS, Event.CROSSING_CORRECTED}:
        if data.get("withdrawn"):
            return []
        came = [Cause(Kind.ABSENT, data["to"]["id"])] if data.get("to") else []
        return [*_of_crossing(data, entered=Kind.LEFT, left=Kind.ENTERED), *came]
    return [Cause(of, data["trip"]["id"]) for of in RAISES.values() if kind in ENDINGS[of]]


def origin_of(kind: str, public_id: str, data: dict[str, Any]) -> str:
    """By what an alert is recognised when its event comes again: a crossing has one id in all its events."""
    return str(data["crossing"]) if kind in {*CROSSINGS, Event.CROSSING_CORRECTED} else public_id


def sentence(cause: Cause, device: str, about: str, data: dict[str, Any]) -> str:
    """What is shown, at most 300 characters; `about` is the geofence's or destination's name as it was then."""
    device, about = device[:110], about[:110]
    minutes = round(float(data.get("silent_after_s") or 900) / 60)
    return {
        Kind.SILENT: f"{device} is silent: not heard of for {minutes} minutes.",
        Kind.ENTERED: f"{device} entered {about}.",
        Kind.LEFT: f"{device} left {about}.",
        Kind.DELAYED: f"{device} will not be at {about or 'its destination'} as scheduled.",
        Kind.OFF_CORRIDOR: f"{device} is off its route to {about or 'its destination'}.",
        Kind.ABSENT: f"{device} is not in {about}, where it is expected.",
    }[cause.kind]


def about_of(cause: Cause, data: dict[str, Any]) -> str:
    """The name of what the alert is about, as the event says it."""
    if cause.kind in {Kind.ENTERED, Kind.LEFT}:
        return str(data["to" if cause.kind == Kind.ENTERED else "from"]["name"])
    trip = data.get("trip") or {}
    return str((trip.get("destination") or {}).get("name") or "")


def _of_crossing(data: dict[str, Any], *, entered: Alert.Kind, left: Alert.Kind) -> list[Cause]:
    found = []
    if data.get("from"):
        found.append(Cause(left, data["from"]["id"]))
    if data.get("to"):
        found.append(Cause(entered, data["to"]["id"]))
    return found
