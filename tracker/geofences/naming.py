"""What a geofence is called: its newest shape says it, also after it was retired."""

from django.db.models import OuterRef, Subquery

from tracker.geofences.models import GeofenceShape


def last_name(geofence: str = "geofence_id") -> Subquery:
    """The name of the geofence in that column of the outer query, whose environment is the outer row's."""
    shapes = GeofenceShape.objects.unscoped("of the outer row's environment, on the next line").filter(
        environment=OuterRef("environment"), geofence=OuterRef(geofence)
    )
    return Subquery(shapes.order_by("-pk").values("name")[:1])
