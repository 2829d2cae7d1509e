"""Reports set aside and dead letters in the staff's admin.

Outcome counts are missing on purpose: their key has five columns, which Django's admin cannot address. The
console's overview and `GET /api/v1/outcomes` show them.
"""

from django.contrib import admin

from tracker.ingestion.models import DeadLetter, SetAsideReport
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import public_id
from tracker.tenants.staff_pages import Facts

SHOWN_BYTES = 4_000


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


@admin.register(DeadLetter, site=site)
class DeadLetterAdmin(Facts):
    """Records that broke a step of the pipeline."""

    list_display = ("created_at", "lane", "entry_id", "reason", "environment", "redriven_at")
    list_filter = (("redriven_at", admin.EmptyFieldListFilter),)
    list_select_related = ("environment",)
    search_fields = ("entry_id__exact", "request_id__exact", "reason")
    fields = (
        "environment",
        "lane",
        "entry_id",
        "entry_index",
        "reason",
        "error",
        "payload_text",
        "request_id",
        "received_at",
        "created_at",
        "redriven_at",
    )

    @admin.display(description="Payload")
    def payload_text(self, letter: DeadLetter) -> str:
        """The record's bytes, cut, with what is no text escaped."""
        return ascii(bytes(letter.payload)[:SHOWN_BYTES])
