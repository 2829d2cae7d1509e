"""Reads for the budget page: the budget, what was told of it, the caps with what is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.guard import sources
from billing.guard.choices import CAPPABLE, Cappable
from billing.guard.models import Budget, BudgetAlert, Cap
from billing.guard.months import month_of

SHOWN_ALERTS = 24


@dataclass(frozen=True)
class CapShown:
    """A cap as the page shows it, quantities in the form's unit."""

    cap: Cap
    shape: Cappable
    used: float
    most: float
    effect: str

    @property
    def share(self) -> float:
        """How much of it is used, 1 at most."""
        return min(1.0, self.used / self.most) if self.most else 1.0


def budget_of(tenant_id: int) -> Budget | None:
    """The tenant's budget."""
    return Budget.objects.for_tenant(tenant_id).first()


def alerts_of(tenant_id: int) -> list[BudgetAlert]:
    """What was told of budgets, newest first."""
    rows = BudgetAlert.objects.for_tenant(tenant_id).order_by("-crossed_at", "-share")
    return list(rows[:SHOWN_ALERTS])


def caps_of(tenant_id: int, *, now: datetime) -> list[CapShown]:
    """The tenant's caps, those of all live environments first."""
    month, found = month_of(now), []
    counted: dict[int | None, Mapping[str, int]] = {}
    rows = Cap.objects.for_tenant(tenant_id).select_related("environment")
    for cap in sorted(rows, key=lambda cap: (cap.environment_id or 0, list(CAPPABLE).index(cap.meter))):
        box, shape = cap.environment_id, CAPPABLE[cap.meter]
        if box not in counted:
            counted[box] = sources.billed(tenant_id, month) if box is None else sources.used_by(box, month)
        used = counted[box].get(cap.meter, 0)
        size = shape.unit_size
        found.append(CapShown(cap, shape, used / size, cap.quantity / size, dict(shape.actions)[cap.action]))
    return found
