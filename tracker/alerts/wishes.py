"""Which crossings raise alerts: those of geofences whose shape, in the version that decided, says so."""

from collections.abc import Sequence

from django.db.models import Q

from tracker.alerts.causes import Cause, Kind, raised_by
from tracker.geofences.models import GeofenceVersionMember
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id, public_id

Wish = tuple[int, str, str]  # version, public id of the geofence, kind of alert


class Wishes:
    """Looked up once for a batch of one environment's events."""

    def __init__(self, environment_id: int, events: Sequence[OutboxEvent]) -> None:
        asked: set[tuple[int, str]] = set()
        for event in events:
            for cause in raised_by(event.kind, event.data):
                if cause.kind in {Kind.ENTERED, Kind.LEFT}:
                    asked.add((int(event.data["geofence_version"]), cause.subject))
        self._granted = _granted(environment_id, asked) if asked else set()

    def of(self, event: OutboxEvent) -> list[Cause]:
        """The alerts the event is to raise. What is withdrawn raises none."""
        if event.data.get("withdrawn"):
            return []
        version = event.data.get("geofence_version")
        return [
            cause
            for cause in raised_by(event.kind, event.data)
            if cause.kind not in {Kind.ENTERED, Kind.LEFT}
            or (version, cause.subject, cause.kind) in self._granted
        ]


def _granted(environment_id: int, asked: set[tuple[int, str]]) -> set[Wish]:
    members = GeofenceVersionMember.objects.for_environment(environment_id).filter(
        Q(shape__alert_on_enter=True) | Q(shape__alert_on_exit=True),
        version__number__in={number for number, _ in asked},
        geofence__uid__in={parse_id("gf", geofence) for _, geofence in asked},
    )
    found: set[Wish] = set()
    columns = ("version__number", "geofence__uid", "shape__alert_on_enter", "shape__alert_on_exit")
    for number, uid, on_enter, on_exit in members.values_list(*columns):
        geofence = public_id("gf", uid)
        found |= {(number, geofence, Kind.ENTERED.value)} if on_enter else set()
        found |= {(number, geofence, Kind.LEFT.value)} if on_exit else set()
    return found
