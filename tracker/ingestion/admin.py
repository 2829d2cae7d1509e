"""Reports set aside in the staff's admin.

Outcome counts are missing on purpose: their key has five columns, which Django's admin cannot address. The
console's overview and `GET /api/v1/outcomes` show them.
"""

from django.contrib import admin

from tracker.ingestion.models import SetAsideReport
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import public_id
from tracker.tenants.staff_pages import Facts


@admin.register(SetAsideReport, site=site)
class SetAsideReportAdmin(Facts):
    """What was filtered or quarantined, of all environments."""

    list_display = ("received_at", "outcome", "reason", "external_id", "environment", "detail")
    list_filter = ("outcome",)
    list_select_related = ("environment",)
    search_fields = ("external_id__exact", "request_id__exact")
    fields = (
        "environment",
        "device",
        "external_id",
        "outcome",
        "reason",
        "detail",
        "payload",
        "recorded_at",
        "received_at",
        "stored_at",
        "request",
    )

    @admin.display(description="Request")
    def request(self, report: SetAsideReport) -> str:
        """The request id as the sender saw it."""
        return public_id("req", report.request_id)
