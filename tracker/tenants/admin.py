"""Tenants, environments, people and memberships in the staff's admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.limits import feed
from tracker.limits.source import set_by_staff
from tracker.tenants.admin_site import site
from tracker.tenants.models import Environment, Membership, Tenant, User
from tracker.tenants.staff_pages import AcrossTenants, Facts

LIMITS = frozenset({"reports_per_second", "key_reports_per_second", "registrations_per_second"})


@admin.register(Tenant, site=site)
class TenantAdmin(AcrossTenants):
    """Customers, and what all their environments may report together."""

    list_display = ("name", "public_id", "reports_per_second", "created_at")
    search_fields = ("name", "uid")
    fields = ("name", "public_id", "reports_per_second", "created_at")
    readonly_fields = ("public_id", "created_at")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Kept above what the plan says, and told to the doors."""
        super().save_model(request, obj, form, change)
        set_by_staff.send(type(obj), row=obj, fields=LIMITS.intersection(form.changed_data), by=request.user)
        feed.changed()


@admin.register(Environment, site=site)
class EnvironmentAdmin(AcrossTenants):
    """Boxes of data, their bounds and limits. The name stays the customer's."""

    list_display = ("name", "kind", "tenant", "retention_days", "accuracy_bound_m", "speed_bound_mps")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")
    fields = (
        "tenant",
        "name",
        "kind",
        "public_id",
        "retention_days",
        "accuracy_bound_m",
        "speed_bound_mps",
        "key_reports_per_second",
        "reports_per_second",
        "registrations_per_second",
        "intake",
        "intake_keeps_one_in",
        "planning_stopped",
        "created_at",
    )
    # what caps do follows from the caps
    readonly_fields = (
        *("tenant", "name", "kind", "public_id", "created_at"),
        *("intake", "intake_keeps_one_in", "planning_stopped"),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Kept above what the plan says, and told to the doors."""
        super().save_model(request, obj, form, change)
        set_by_staff.send(type(obj), row=obj, fields=LIMITS.intersection(form.changed_data), by=request.user)
        feed.changed()


@admin.register(User, site=site)
class UserAdmin(AcrossTenants):
    """People. A closed account cannot sign in."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who is staff is for superusers to say."""
        fixed = ("email", "date_joined", "last_login")
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "is_superuser")


@admin.register(Membership, site=site)
class MembershipAdmin(Facts):
    """Who belongs where. Changed by the members themselves, since one owner must always stay."""

    list_display = ("user", "tenant", "role", "created_at", "act_as")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "tenant__name")
    fields = ("user", "tenant", "role", "public_id", "created_at", "act_as")
    readonly_fields = ("act_as",)

    @admin.display(description="act as")
    def act_as(self, membership: Membership) -> SafeString:
        """To the page that asks why."""
        return format_html('<a href="{}">Act as…</a>', reverse("admin:act_as", args=[membership.pk]))
