"""Storms in the staff's admin: those of all customers, to look at, and to lift with a reason."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from billing.plans.rating import money
from billing.storms.models import Storm
from billing.storms.services import AlreadyOver, NoReason, lift
from billing.storms.wording import why
from tracker.tenants.admin_site import site
from tracker.tenants.models import User
from tracker.tenants.staff_pages import Facts


class ReasonForm(ActionForm):
    """Beside the list of actions: why."""

    reason = forms.CharField(required=False, max_length=300, label="Reason for lifting")


@admin.register(Storm, site=site)
class StormAdmin(Facts):
    """What was recognised as a fault, and is billed nothing."""

    list_display = (
        "began_at",
        "environment",
        "kind",
        "reason",
        "key",
        "received",
        "coalesced",
        "cost",
        "ended_at",
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "kind", "reason", "began_at")
    list_select_related = ("environment",)
    search_fields = ("key__exact",)
    fields = (
        "environment", "kind", "key", "reason", "began_at", "recognised_at", "ended_at", "lifted_because", "received",
        "repeats", "coalesced", "devices", "peak_per_second", "cost", "recognised_by", "facts", "told_at",
    )  # fmt: skip
    actions = ("lift_now",)
    action_form = ReasonForm

    @admin.display(description="Would have cost")
    def cost(self, storm: Storm) -> str:
        """As an amount of money."""
        minor = storm.would_have_cost_minor
        return "no price" if minor is None else money(minor, storm.currency)

    @admin.display(description="Recognised by")
    def recognised_by(self, storm: Storm) -> str:
        """The sentences the customer reads."""
        return " ".join(why(storm))

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Staff who might change storms may lift them."""
        return request.user.has_perm("billing.change_storm")

    @admin.action(description="Lift now (give a reason)", permissions=["lift"])
    def lift_now(self, request: HttpRequest, storms: QuerySet[Storm]) -> None:
        """End these; each is in the customer's audit log and in the admin's."""
        if not isinstance(request.user, User):
            return
        for storm in storms.select_related("environment"):
            try:
                lift(storm, by=request.user, reason=request.POST.get("reason", ""), now=timezone.now())
            except (NoReason, AlreadyOver) as error:
                self.message_user(request, f"{storm.public_id}: {error}", messages.ERROR)
                continue
            self.log_change(request, storm, f"Lifted: {storm.lifted_because}")
            self.message_user(
                request, f"{storm.public_id} is lifted; doors follow within seconds.", messages.SUCCESS
            )
