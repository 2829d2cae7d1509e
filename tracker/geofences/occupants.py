"""Which devices are inside a geofence: now, or at a time, as it is known now."""

from datetime import datetime

from django.db.models import Q

from tracker.geofences.models import Geofence, GeofenceVisit


def occupants_of(
    geofence: Geofence, at: datetime | None, *, after: int | None, limit: int
) -> list[GeofenceVisit]:
    """Up to `limit` stays, their device loaded, in the order in which we learned of them; behind the stay `after`.

    Without a time, those not ended. With one, those that had begun by then and had not ended. A device that fell
    silent inside is still inside: nothing says that it left.
    """
    rows = GeofenceVisit.objects.for_environment(geofence.environment_id).filter(
        geofence=geofence, device__deleted_at=None
    )
    if at is None:
        rows = rows.filter(exited_at=None)
    else:
        rows = rows.filter(Q(exited_at=None) | Q(exited_at__gt=at), entered_at__lte=at)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.select_related("device", "device__state").order_by("pk")[:limit])
