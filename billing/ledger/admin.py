"""The ledger in the staff's admin: to be read, with a page of what may be done by hand: always with a reason."""

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing.ledger.forms import ByHandForm
from billing.ledger.models import Entry, Transaction
from billing.plans.rating import money
from tracker.tenants.admin_site import site
from tracker.tenants.models import User
from tracker.tenants.staff_pages import Facts


@admin.register(Transaction, site=site)
class TransactionAdmin(Facts):
    """Movements of money, newest first."""

    list_display = ("created_at", "tenant", "kind", "amount", "reason", "reference", "by")
    list_filter = ("kind", "currency")
    list_select_related = ("tenant", "by")
    search_fields = ("tenant__name", "reference", "reason")
    fields = ("created_at", "tenant", "kind", "legs", "currency", "reason", "reference", "by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        """With their sums and legs, in one query each."""
        legs = Entry.objects.unscoped("admin").order_by("pk")
        debits = Sum("entries__amount_minor", filter=Q(entries__amount_minor__gt=0))
        rows: QuerySet[Transaction] = super().get_queryset(request).select_related("tenant", "by")
        return rows.annotate(moved=debits).prefetch_related(
            Prefetch("entries", queryset=legs, to_attr="rows_of_it")
        )

    @admin.display(description="Amount")
    def amount(self, row: Transaction) -> str:
        """What moved."""
        return money(getattr(row, "moved", 0), row.currency)

    @admin.display(description="Entries")
    def legs(self, row: Transaction) -> SafeString:
        """Account and amount, one below the other."""
        entries: list[Entry] = getattr(row, "rows_of_it", [])
        facts = (
            (entry.get_account_display(), money(entry.amount_minor, entry.currency)) for entry in entries
        )
        return format_html_join("", "{}: {}<br>", facts)


def by_hand(request: HttpRequest) -> HttpResponse:
    """Grant credit, note a refund, adjust, give up or void an invoice, or change a plan for a customer."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("billing.add_transaction"):
        raise PermissionDenied("This needs the right to add movements of the ledger.")
    form = ByHandForm(request.POST or None, initial={"tenant": request.GET.get("tenant", "")})
    if request.method == "POST" and form.is_valid():
        done = form.do(by=user, now=timezone.now())
        if done is not None:
            _log(user, form.cleaned_data["tenant"].pk, done)
            messages.success(request, done)
            return redirect("admin:billing_by_hand")
    facts = site.each_context(request) | {"form": form, "title": "Money and plans"}
    return render(request, "billing/ledger/staff.html", facts)


def _log(user: User, tenant_id: int, done: str) -> None:
    """A line of the admin's own log."""
    kind = ContentType.objects.get(app_label="tracker", model="tenant")
    LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(tenant_id), object_repr=done[:200], action_flag=ADDITION,
        change_message=done,
    )  # fmt: skip


def urls() -> list[URLPattern]:
    """What the staff's site adds to its addresses."""
    return [path("billing/by-hand/", site.admin_view(by_hand), name="billing_by_hand")]


site.pages.append(urls)
