"""What the guard asks of the other capabilities of billing: plans, usage, the running invoice. Found by name, because
plans hand their limits to the guard, and the two must not import each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.utils.module_loading import import_string

from billing.guard.months import begin_of, month_of, next_month
from tracker.tenants.models import Environment


@dataclass(frozen=True)
class Spend:
    """What a month comes to so far."""

    minor: int
    currency: str


def plan_of(tenant_id: int, now: datetime) -> Any:
    """The tenant's plan now; a tenant that is not there yet has the default."""
    return tariff_of(tenant_id).at(now)


def tariff_of(tenant_id: int) -> Any:
    """The tenant's plans, read once: for who asks for the plan and for what was spent."""
    return _call("billing.plans.selectors.tariff_of", tenant_id)


def currency_of(tenant_id: int) -> str:
    """What the tenant is billed in."""
    return str(_call("billing.plans.selectors.currency_of", tenant_id))


def spent(tenant_id: int, now: datetime, tariff: Any = None) -> Spend:
    """The running month's invoice as it would be written now, before credits: they must not hide what is used."""
    draft = _call("billing.invoices.services.preview", tenant_id, month_of(now), now, tariff)
    return Spend(draft.subtotal_minor, draft.currency)


def billed(tenant_id: int, month: date) -> Mapping[str, int]:
    """What the live environments together used of each meter in the month."""
    used: Mapping[str, int] = _call(
        "billing.meters.selectors.billed_usage", tenant_id, begin_of(month), begin_of(next_month(month))
    )
    return used


def used_by(environment_id: int, month: date) -> Mapping[str, int]:
    """What one environment used of each meter in the month."""
    used: Mapping[str, int] = _call(
        "billing.meters.selectors.usage_of", [environment_id], begin_of(month), begin_of(next_month(month))
    )
    return used


def daily(tenant_id: int, first: datetime, last: datetime) -> Sequence[Any]:
    """The live environments' usage by meter and day."""
    live = Environment.objects.for_tenant(tenant_id).filter(kind=Environment.Kind.LIVE)
    ids = list(live.values_list("pk", flat=True))
    rows: Sequence[Any] = _call("billing.meters.selectors.usage_by_day", ids, first, last)
    return rows


def pricing_of(plan: Any) -> Callable[[Mapping[str, int]], int]:
    """Says what a whole month's usage would cost on the plan, before credits."""
    return partial(
        import_string("billing.plans.rating.amount"), _call("billing.plans.selectors.prices_of", plan)
    )


def _call(path: str, *given: Any) -> Any:
    asked: Callable[..., Any] = import_string(path)
    return asked(*given)
