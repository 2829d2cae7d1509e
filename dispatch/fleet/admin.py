"""Hubs, drivers and vehicles in the staff's admin."""

from django.contrib import admin

from dispatch.fleet.models import Driver, Hub, Vehicle
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(Hub, site=site)
class HubAdmin(Facts):
    """The trees of all environments."""

    list_display = ("name", "kind", "parent", "environment", "timezone", "created_at", "retired_at")
    list_filter = ("kind", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("environment__tenant", "parent")
    search_fields = ("external_id__exact", "uid__exact", "name")
    fields = (
        "name", "kind", "public_id", "external_id", "environment", "parent", "timezone", "longitude", "latitude",
        "metadata", "created_at", "retired_at",
    )  # fmt: skip


@admin.register(Driver, site=site)
class DriverAdmin(Facts):
    """Drivers of all environments; telephone numbers and addresses of homes are their own affair."""

    list_display = ("name", "hub", "environment", "created_at", "retired_at")
    list_filter = (("retired_at", admin.EmptyFieldListFilter),)
    list_select_related = ("environment__tenant", "hub")
    search_fields = ("external_id__exact", "uid__exact", "name")
    fields = (
        "name", "public_id", "external_id", "environment", "hub", "skills", "ends_at", "language", "created_at",
        "retired_at",
    )  # fmt: skip


@admin.register(Vehicle, site=site)
class VehicleAdmin(Facts):
    """Vehicles of all environments."""

    list_display = ("plate", "type", "hub", "environment", "created_at", "retired_at")
    list_filter = (("retired_at", admin.EmptyFieldListFilter),)
    list_select_related = ("environment__tenant", "hub", "type")
    search_fields = ("external_id__exact", "uid__exact", "plate")
    fields = (
        "plate", "public_id", "external_id", "environment", "type", "hub", "capacities", "created_at",
        "retired_at",
    )  # fmt: skip
