"""Devices in the staff's admin."""

from django.contrib import admin

from tracker.devices.models import Device
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(Device, site=site)
class DeviceAdmin(Facts):
    """The register of all environments."""

    list_display = ("external_id", "name", "environment", "tenant", "registered_at", "deleted_at")
    list_filter = (("deleted_at", admin.EmptyFieldListFilter),)
    list_select_related = ("environment__tenant",)
    search_fields = ("external_id__exact", "uid__exact", "name")
    fields = (
        "external_id",
        "name",
        "public_id",
        "environment",
        "metadata",
        "model",
        "os",
        "app_version",
        "registered_at",
        "deleted_at",
    )

    @admin.display(ordering="environment__tenant")
    def tenant(self, device: Device) -> str:
        """Whose it is."""
        return device.environment.tenant.name
