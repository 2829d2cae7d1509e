"""All registrations of the staff's admin, gathered from the capabilities for Django."""

from tracker.archive.admin import archived_days
from tracker.certificates.admin import DeviceCertificateAdmin
from tracker.devices.admin import DeviceAdmin
from tracker.geofences.admin import GeofenceAdmin, GeofenceVersionAdmin
from tracker.ingestion.admin import SetAsideReportAdmin
from tracker.keys.admin import KeyAdmin
from tracker.letters.admin import DeadLetterAdmin
from tracker.staff.admin import GeofenceShapeAdmin, TripAdmin, search_page
from tracker.tenants.admin import EnvironmentAdmin, MembershipAdmin, TenantAdmin, UserAdmin
from tracker.webhooks.admin import WebhookEndpointAdmin

__all__ = [
    "DeadLetterAdmin",
    "DeviceAdmin",
    "DeviceCertificateAdmin",
    "EnvironmentAdmin",
    "GeofenceAdmin",
    "GeofenceShapeAdmin",
    "GeofenceVersionAdmin",
    "KeyAdmin",
    "MembershipAdmin",
    "SetAsideReportAdmin",
    "TenantAdmin",
    "TripAdmin",
    "UserAdmin",
    "WebhookEndpointAdmin",
    "archived_days",
    "search_page",
]
