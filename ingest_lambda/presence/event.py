"""A crossing as whoever subscribed to it gets it: the `data` of its event. One form for the edge and the monolith."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ingest_lambda.presence.telling import CROSSED, DWELLED, Crossing

ENTERED, EXITED, HAS_DWELLED = "geofence.entered", "geofence.exited", "geofence.dwelled"  # outbox Kind
CORRECTED = "crossing.corrected"
_EPOCH = datetime.fromtimestamp(0, UTC)


class Named(NamedTuple):
    """A geofence as the version in question calls it; `uid` and `external_id` never change with a version."""

    uid: str  # 32 hexadecimal digits
    external_id: str | None
    name: str


class Subject(NamedTuple):
    """Whose crossing it is."""

    uid: str  # 32 hexadecimal digits
    external_id: str


def event_kind(crossing: Crossing, *, corrects: str | None) -> str:
    """The kind of the one event of a crossing; `corrects` is the public id of the row it puts right."""
    if corrects is not None:
        return CORRECTED
    if crossing.kind == DWELLED:
        return HAS_DWELLED
    return ENTERED if crossing.to_id is not None else EXITED


def event_data(
    crossing: Crossing,
    subject: Subject,
    *,
    public_id: str,
    origin: Named | None,
    target: Named | None,
    corrects: str | None = None,
    withdrawn: bool = False,
    entered_us: int | None = None,
) -> dict[str, Any]:
    """The event's data. `origin` and `target` are the two sides of the border, None outside; `entered_us` is said
    of a stay that was long enough."""
    place = None
    if crossing.longitude is not None and crossing.latitude is not None:
        place = {"type": "Point", "coordinates": [crossing.longitude, crossing.latitude]}
    data: dict[str, Any] = {
        "crossing": public_id,
        "device": {"id": "dev_" + subject.uid, "external_id": subject.external_id},
        "from": _side(origin),
        "to": _side(target),
        "cause": crossing.cause,
        "occurred_at": moment(crossing.occurred_us),
        "decided_at": moment(crossing.decided_us),
        "location": place,
        "geofence_version": crossing.version,
        "corrects": corrects,
    }
    if corrects is not None:
        data["withdrawn"] = withdrawn
    if crossing.kind != CROSSED and entered_us is not None:
        data["entered_at"] = moment(entered_us)
        data["dwell_s"] = round((crossing.occurred_us - entered_us) / 1_000_000)
    return data


def _side(geofence: Named | None) -> dict[str, Any] | None:
    if geofence is None:
        return None
    return {"id": "gf_" + geofence.uid, "external_id": geofence.external_id, "name": geofence.name}


def moment(time_us: int) -> str:
    """Epoch microseconds as RFC 3339 text in UTC, as the API writes times."""
    return (
        (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )
