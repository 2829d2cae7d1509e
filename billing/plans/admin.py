"""Plans in the staff's admin: checked with the place of each fault; a version in force keeps its prices."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from billing.plans.checks import (
    Span,
    faults_of_currency,
    faults_of_limits,
    faults_of_price,
    faults_of_versions,
)
from billing.plans.models import Plan, PlanChoice, PlanPrice
from billing.plans.wording import METER_WORDS
from tracker.tenants.admin_site import site
from tracker.tenants.staff_pages import Facts

FIXED_IN_FORCE = ("code", "name", "currency", "effective_from", "limits")


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A version of a plan, checked against the other versions."""

    class Meta:
        model = Plan
        fields = ("code", "name", "currency", "effective_from", "effective_until", "limits", "offered")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            for widget, part in zip(getattr(field.widget, "widgets", ()), ("date", "time"), strict=False):
                widget.attrs["aria-label"] = (
                    f"{field.label or name}, {part}"  # the admin labels the pair alone
                )

    def clean(self) -> dict[str, Any]:
        """Refuses gaps, overlaps, unknown currencies, and a past that would be written anew."""
        data: dict[str, Any] = super().clean() or {}
        plan, now = self.instance, timezone.now()
        code, currency = data.get("code", plan.code), data.get("currency", plan.currency)
        first, until = data.get("effective_from", plan.effective_from), data.get("effective_until")
        faults = faults_of_currency(currency or "") + faults_of_limits(data.get("limits", plan.limits))
        if first is not None:
            others = Plan.objects.filter(code=code, currency=currency).exclude(pk=plan.pk)
            spans = [Span(one.effective_from, one.effective_until) for one in others]
            faults += faults_of_versions([*spans, Span(first, until)])
            faults += _faults_of_the_past(plan, first, until, now)
        if faults:
            raise ValidationError(faults)
        return data


def _faults_of_the_past(plan: Plan, first: datetime, until: datetime | None, now: datetime) -> list[str]:
    """What was in force is history: invoices were reckoned by it."""
    if first <= now and not in_force(plan, now):
        return ["This version would begin in the past, where months are priced already: begin it later."]
    if until is not None and until <= now and (plan.effective_until is None or until != plan.effective_until):
        return ["This version would end in the past, where months are priced already: end it later."]
    return []


def in_force(plan: Plan, now: datetime) -> bool:
    """Whether months may have been priced by this version."""
    return not plan._state.adding and plan.effective_from <= now


class PriceFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    """All prices of a version."""

    def clean(self) -> None:
        """Every fault of every price at once."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        faults = [
            fault for row in rows if not row.get("DELETE") for fault in faults_of_price(row, METER_WORDS)
        ]
        if faults:
            raise ValidationError(faults)


class PriceInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """Prices beside their plan; those of a version in force can be read."""

    model = PlanPrice
    formset = PriceFormSet
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not to what is in force."""
        return _open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same."""
        return _open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same."""
        return _open(obj) and super().has_delete_permission(request, obj)


def _open(obj: Any) -> bool:
    return not isinstance(obj, Plan) or not in_force(obj, timezone.now())


@admin.register(Plan, site=site)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Versions of plans. A new price is a new version: end the old one, begin the new one there."""

    form = PlanForm
    inlines = (PriceInline,)
    list_display = ("code", "name", "currency", "effective_from", "effective_until", "offered")
    list_filter = ("code", "currency", "offered")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is in force can only be ended, or be offered no more."""
        return () if _open(obj) else FIXED_IN_FORCE

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what never was in force."""
        return isinstance(obj, Plan) and _open(obj) and super().has_delete_permission(request, obj)


@admin.register(PlanChoice, site=site)
class PlanChoiceAdmin(Facts):
    """Who is on which plan since when. Chosen on the staff's page "Money and plans"."""

    list_display = ("tenant", "plan", "starts_at", "ends_at", "applied_at")
    list_filter = ("plan__code", "plan__currency")
    list_select_related = ("tenant", "plan")
    search_fields = ("tenant__name",)
    fields = ("tenant", "plan", "starts_at", "ends_at", "applied_at", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanChoice]:
        """With what rows name."""
        return super().get_queryset(request).select_related("tenant", "plan")
