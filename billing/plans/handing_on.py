"""What a change of money or plan sets going elsewhere: the doors' limits, and the audit log."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string

from billing.plans.models import NO_PLAN, Plan
from tracker.audit import services as audit
from tracker.tenants.models import Tenant, User

APPLY = "billing.guard.limits.apply_plan"


def hand_limits_on(tenant: Tenant, plan: Plan) -> None:
    """The plan's limits become columns that the doors hold to; a tenant without a plan keeps those it has."""
    if plan.code == NO_PLAN:
        return
    try:
        apply_plan: Callable[[Tenant, Plan], Any] = import_string(APPLY)
    except ImportError:  # an installation without the guard: its columns are set by staff
        return
    apply_plan(tenant, plan)


def note(
    by: User | HttpRequest | None,
    action: str,
    tenant: Tenant,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """A line of the tenant's audit log; without a person it was the house itself."""
    person = by if isinstance(by, User) else None
    source = by if isinstance(by, HttpRequest) else audit.Actor(str(person or "system"), person)
    audit.note(source, action, tenant.public_id, before, after, tenant=tenant)
