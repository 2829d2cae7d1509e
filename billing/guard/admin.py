"""Budgets, caps, alerts and limits that staff set, in the staff's admin."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from billing.guard.limits import OF_TENANT, lift, override
from billing.guard.models import Budget, BudgetAlert, Cap, LimitOverride
from tracker.audit.services import Actor, note
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Tenant, User
from tracker.tenants.staff_pages import AcrossTenants, AcrossTenantsForm, Facts


class OverrideForm(AcrossTenantsForm):
    """A limit above the plan, of a tenant or an environment named by its public id. The reason is asked for."""

    organisation = forms.CharField(max_length=40, help_text="ten_…")
    box = forms.CharField(
        max_length=40, required=False, label="Environment", help_text="env_…; empty: the tenant as a whole."
    )
    reason = forms.CharField(max_length=500, help_text="For whoever looks at this limit in a year.")

    class Meta:
        model = LimitOverride
        fields = ("column", "value", "reason")

    def clean_organisation(self) -> Tenant:
        """The tenant."""
        found = Tenant.objects.filter(uid=_uid("ten", self.cleaned_data["organisation"])).first()
        if found is None:
            raise forms.ValidationError("There is no such tenant.")
        return found

    def clean_box(self) -> Environment | None:
        """The environment, where one is named."""
        if not self.cleaned_data["box"]:
            return None
        rows = Environment.objects.unscoped("staff name it by its public id")
        found = rows.filter(uid=_uid("env", self.cleaned_data["box"])).first()
        if found is None:
            raise forms.ValidationError("There is no such environment.")
        return found

    def clean(self) -> dict[str, Any]:
        """Whether the environment is the tenant's, and the limit one of what was chosen."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        environment, tenant = data.get("box"), data.get("organisation")
        if environment and tenant and environment.tenant_id != tenant.pk:
            self.add_error("box", "This is not an environment of that tenant.")
        if "box" in data and not environment and data.get("column") not in (None, *OF_TENANT):
            self.add_error("box", "This limit is one of an environment: say which.")
        return data


def _uid(prefix: str, text: str) -> UUID:
    try:
        return parse_id(prefix, text.strip())
    except BadIdentifier as error:
        raise forms.ValidationError(str(error)) from None


@admin.register(LimitOverride, site=site)
class LimitOverrideAdmin(AcrossTenants):
    """Limits that hold whatever the plan says. Taking one away lets the plan say it again."""

    form = OverrideForm
    list_display = ("tenant", "environment", "column", "value", "reason", "set_by", "set_at")
    list_select_related = ("tenant", "environment", "set_by")
    search_fields = ("tenant__name", "reason")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is asked, or what was said."""
        said = ("column", "value", "reason")
        return (
            ("organisation", "box", *said)
            if obj is None
            else ("tenant", "environment", *said, "set_by", "set_at")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff set them here."""
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Set anew rather than changed, so that each has its reason."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff take them away here."""
        return bool(request.user.is_staff)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Kept, applied, told to the doors, and on record."""
        data = form.cleaned_data
        by = request.user if isinstance(request.user, User) else None
        made = override(
            data["organisation"], data["box"], data["column"], data["value"], reason=data["reason"], by=by
        )
        obj.pk, obj.tenant = made.pk, made.tenant
        _note(request, made, "limit.override", {made.column: made.value, "reason": made.reason})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Taken away, and the plan's limit is back."""
        _note(request, obj, "limit.lift", {obj.column: "as the plan says"})
        lift(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same for several."""
        for row in queryset:
            self.delete_model(request, row)


def _note(request: HttpRequest, row: LimitOverride, action: str, after: dict[str, Any]) -> None:
    user = request.user if isinstance(request.user, User) else None
    target = row.environment.public_id if row.environment else row.tenant.public_id
    note(Actor(f"staff {user}", user), action, target, None, after, tenant=row.tenant)


@admin.register(Budget, site=site)
class BudgetAdmin(Facts):
    """What customers mean to spend. They set it themselves."""

    list_display = ("tenant", "amount_minor", "currency", "shares", "changed_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)


@admin.register(BudgetAlert, site=site)
class BudgetAlertAdmin(Facts):
    """Which shares of budgets were spent when."""

    list_display = (
        "tenant",
        "month",
        "share",
        "spent_minor",
        "amount_minor",
        "currency",
        "crossed_at",
        "mail_due",
    )
    list_select_related = ("tenant",)
    list_filter = ("mail_due",)
    search_fields = ("tenant__name",)


@admin.register(Cap, site=site)
class CapAdmin(Facts):
    """What customers cap, and which caps are reached. They set them themselves."""

    list_display = ("tenant", "environment", "meter", "quantity", "action", "reached_at")
    list_select_related = ("tenant", "environment")
    list_filter = ("meter", "action", ("reached_at", admin.EmptyFieldListFilter))
    search_fields = ("tenant__name",)


__all__ = ["BudgetAdmin", "BudgetAlertAdmin", "CapAdmin", "LimitOverrideAdmin"]
