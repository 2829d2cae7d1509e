"""What the plan in force lets be used of each meter without charge; the one place where meters look at plans."""

from datetime import datetime

from billing.plans.models import NO_PLAN, PlanPrice
from billing.plans.selectors import plan_at


def free_of(tenant_id: int, at: datetime) -> dict[str, int]:
    """Meter to free quantity a month, of those that have one."""
    plan = plan_at(tenant_id, at)
    if plan.code == NO_PLAN:
        return {}
    prices = PlanPrice.objects.filter(plan=plan, free_quantity__gt=0).exclude(meter="")
    return dict(prices.values_list("meter", "free_quantity"))
