"""Payments in the staff's admin: accounts, what was told, what differs, the provider's news; to look at and retry."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from billing.payments import news
from billing.payments.models import MeterSubmission, PaymentAccount, ProviderEvent, Reconciliation
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts


@admin.register(PaymentAccount, site=site)
class PaymentAccountAdmin(Facts):
    """Who pays how, and who is behind."""

    list_display = (
        "tenant",
        "standing",
        "subscription_status",
        "owing_minor",
        "owing_currency",
        "owing_since",
    )
    list_filter = ("standing", "subscription_status")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "customer__exact", "subscription__exact")


@admin.register(MeterSubmission, site=site)
class MeterSubmissionAdmin(Facts):
    """Totals of hours as they were told."""

    list_display = ("hour", "meter", "tenant", "quantity", "revision", "state", "tries", "sent_at", "error")
    list_filter = ("state", "meter")
    list_select_related = ("tenant",)
    search_fields = ("identifier__exact", "tenant__name")
    actions = ("tell_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Staff who might change them may let them be told again."""
        return request.user.has_perm("billing.change_metersubmission")

    @admin.action(description="Tell the selected hours again", permissions=["retry"])
    def tell_again(self, request: HttpRequest, rows: QuerySet[MeterSubmission]) -> None:
        """Refused ones too; what is beyond 35 days is refused again."""
        wanted = list(rows)
        waiting = MeterSubmission.State.WAITING
        told = MeterSubmission.objects.unscoped("admin").filter(pk__in=[row.pk for row in wanted])
        told.update(state=waiting, due_at=None, tries=0, error="")
        for row in wanted:
            self.log_change(request, row, "Told again.")
        self.message_user(request, f"{len(wanted)} will be told within a minute.", messages.SUCCESS)


@admin.register(Reconciliation, site=site)
class ReconciliationAdmin(Facts):
    """Hours, and whole invoices, that the provider counts otherwise."""

    list_display = ("hour", "meter", "tenant", "ours", "theirs", "state", "found_at", "settled_at")
    list_filter = ("state", "meter")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)


@admin.register(ProviderEvent, site=site)
class ProviderEventAdmin(Facts):
    """What the provider told us."""

    list_display = ("received_at", "kind", "customer", "processed_at", "tries", "error")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "kind")
    search_fields = ("uid__exact", "customer__exact")
    actions = ("act_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Staff who might change it may have it acted on again."""
        return request.user.has_perm("billing.change_providerevent")

    @admin.action(description="Act on the selected news again", permissions=["retry"])
    def act_again(self, request: HttpRequest, rows: QuerySet[ProviderEvent]) -> None:
        """Harmless: acting on news means looking at what the provider has now."""
        wanted = list(rows)
        asked = news.try_again([row.pk for row in wanted], now=timezone.now())
        for row in wanted:
            self.log_change(request, row, "Acted on again.")
        self.message_user(request, f"{asked} will be acted on within seconds.", messages.SUCCESS)
