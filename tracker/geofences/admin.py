"""Geofences in the staff's admin: to look at, as plain text; no map is loaded from anywhere."""

from django.contrib import admin

from tracker.geofences.models import Geofence, GeofenceVersion
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(Geofence, site=site)
class GeofenceAdmin(Facts):
    """Geofences of all environments, with the name of their draft."""

    list_display = ("public_id", "external_id", "draft", "environment", "tenant", "created_at")
    list_select_related = ("environment__tenant", "draft")
    search_fields = ("external_id__exact", "uid__exact", "draft__name")
    fields = ("public_id", "external_id", "environment", "draft", "created_at")

    @admin.display(ordering="environment__tenant")
    def tenant(self, geofence: Geofence) -> str:
        """Whose it is."""
        return geofence.environment.tenant.name


@admin.register(GeofenceVersion, site=site)
class GeofenceVersionAdmin(Facts):
    """Published versions of all environments."""

    list_display = (
        "environment",
        "number",
        "published_at",
        "effective_at",
        "published_by",
        "restores",
        "note",
    )
    list_select_related = ("environment__tenant", "published_by")
    fields = ("environment", "number", "published_at", "effective_at", "published_by", "restores", "note")
