"""Invoices in the staff's admin: to be read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing.invoices.models import Invoice
from billing.plans.rating import money
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(Invoice, site=site)
class InvoiceAdmin(Facts):
    """What was asked for. Given up or voided on the staff's page "Money and plans"."""

    list_display = ("number", "tenant", "month", "total", "paid", "status", "finalised_at")
    list_filter = ("status", "currency", "month")
    search_fields = ("number", "tenant__name", "tenant_name")
    fields = (
        "number", "tenant", "tenant_name", "month", "explained", "subtotal", "credit", "total", "paid", "status",
        "status_reason", "finalised_at", "paid_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """With whose they are."""
        return super().get_queryset(request).select_related("tenant")

    @admin.display(description="Lines")
    def explained(self, row: Invoice) -> SafeString:
        """Each line with its amount."""
        lines = (
            (line["text"], line["period"], money(line["amount_minor"], row.currency)) for line in row.lines
        )
        return format_html_join("", "{} {}: {}<br>", lines)

    @admin.display(description="Subtotal")
    def subtotal(self, row: Invoice) -> str:
        """Before credit."""
        return money(row.subtotal_minor, row.currency)

    @admin.display(description="Credit used")
    def credit(self, row: Invoice) -> str:
        """What credit paid."""
        return money(row.credits_minor, row.currency)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, row: Invoice) -> str:
        """What was asked for."""
        return money(row.total_minor, row.currency)

    @admin.display(description="Paid", ordering="paid_minor")
    def paid(self, row: Invoice) -> str:
        """What was paid of it."""
        return money(row.paid_minor, row.currency)
