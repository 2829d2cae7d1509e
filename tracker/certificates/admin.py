"""Certificates in the staff's admin: seen and revoked, never made."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tracker.certificates.models import DeviceCertificate
from tracker.certificates.services import revoke_certificate
from tracker.tenants.admin_site import site
from tracker.tenants.models import User
from tracker.tenants.staff_pages import Facts


@admin.register(DeviceCertificate, site=site)
class DeviceCertificateAdmin(Facts):
    """Certificates of all environments."""

    list_display = ("serial", "device", "environment", "issued_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("environment__tenant", "device")
    search_fields = ("serial__exact", "device__uid__exact", "device__external_id__exact")
    fields = (
        "serial",
        "public_id",
        "device",
        "environment",
        "issued_by",
        "issued_at",
        "expires_at",
        "revoked_at",
    )
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Staff who might change certificates may end them."""
        return request.user.has_perm("tracker.change_devicecertificate")

    @admin.action(description="Revoke the selected certificates", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[DeviceCertificate]) -> None:
        """End certificates for good; each is on record in the admin's log."""
        by = request.user if isinstance(request.user, User) else None
        ended = [row for row in rows if revoke_certificate(row, by=by, now=timezone.now())]
        for row in ended:
            self.log_change(request, row, "Revoked.")
        self.message_user(request, f"{len(ended)} of {len(rows)} revoked.", messages.SUCCESS)
