"""What a device did over a time: the way it went, where it dwelled, its trips, the geofences it was in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from tracker.devices.models import Device
from tracker.geofences.models import GeofenceVisit
from tracker.geofences.naming import last_name
from tracker.positions.trail import TrailFix, trail_of
from tracker.trips.models import Trip
from tracker.trips.movement import MovingFix, Segment, segments

MOST_TRIPS = 500


@dataclass(frozen=True)
class History:
    """A device over a time. `segments` are in turn; distances in metres."""

    fixes: Sequence[TrailFix]
    segments: Sequence[Segment]
    trips: Sequence[Trip]
    visits: Sequence[GeofenceVisit]  # with `name` and their geofence loaded

    @property
    def distance_m(self) -> float:
        """Along the moves: what a parked device's drift adds up to is no way."""
        return sum(segment.distance_m for segment in self.segments)

    def seconds(self, kind: str) -> float:
        """How long it was moving, or stopped."""
        return sum(segment.duration_s for segment in self.segments if segment.kind == kind)


def history_of(
    device: Device, since: datetime, until: datetime, *, known_at: datetime | None = None
) -> History:
    """A device from `since` to `until` in recorded time. With `known_at`, of the fixes stored by then alone.

    Trips and visits are as they are known now.
    """
    fixes = trail_of(device, since, until, known_at=known_at)
    told = segments([MovingFix(fix.at.timestamp(), *fix[1:]) for fix in fixes])
    return History(fixes, told, trips_during(device, since, until), visits_during(device, since, until))


def trips_during(device: Device, since: datetime, until: datetime) -> list[Trip]:
    """The trips under way at some time of the span, the first first."""
    rows = Trip.objects.for_environment(device.environment_id).filter(
        Q(ended_at=None) | Q(ended_at__gt=since), device_id=device.pk, started_at__lt=until
    )
    return list(rows.order_by("started_at")[:MOST_TRIPS])


def visits_during(device: Device, since: datetime, until: datetime) -> list[GeofenceVisit]:
    """The stays in geofences that touch the span, the first first."""
    rows = GeofenceVisit.objects.for_environment(device.environment_id).filter(
        Q(exited_at=None) | Q(exited_at__gt=since), device_id=device.pk, entered_at__lt=until
    )
    return list(
        rows.select_related("geofence").annotate(name=last_name()).order_by("entered_at")[:MOST_TRIPS]
    )
