"""Reads about plans: which one a tenant is on at a time, and what a span of time is cut into by changes."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.conf import settings

from billing.plans.models import NO_PLAN, Plan, PlanChoice
from billing.plans.rating import Price, Tier
from billing.plans.wording import METER_WORDS
from tracker.tenants import scope


@dataclass(frozen=True)
class PlanPart:
    """A span of time on one version of a plan."""

    plan: Plan
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Tariff:
    """What a tenant chose and chooses from, read once: for who asks several things about it."""

    choices: Sequence[PlanChoice]  # oldest first

    @property
    def currency(self) -> str:
        """What the tenant is billed in: the currency of its first choice, or the installation's."""
        currency: str = self.choices[0].plan.currency if self.choices else settings.BILLING_CURRENCY
        return currency

    def at(self, at: datetime) -> Plan:
        """The version of the tenant's plan that is in force; the installation's default where nothing was chosen.

        Without a plan (the default is "none") it is one that is not stored: no limits, no prices.
        """
        choice = next(
            (c for c in self.choices if c.starts_at <= at and (c.ends_at is None or c.ends_at > at)), None
        )
        return _version_at(self._versions(_code(choice)), at, choice)

    def parts(self, first: datetime, last: datetime) -> list[PlanPart]:
        """What [first, last) is cut into by choices and by new versions; neighbours on one version are one part."""
        found: list[PlanPart] = []
        for choice, begin, end in _spans(self.choices, first, last):
            versions = self._versions(_code(choice))
            cuts = {v.effective_from for v in versions} | {v.effective_until for v in versions}
            marks = [begin, *sorted(cut for cut in cuts if cut is not None and begin < cut < end), end]
            for one, after in itertools.pairwise(marks):
                plan = _version_at(versions, one, choice)
                if found and found[-1].plan.pk == plan.pk and found[-1].plan.code == plan.code:
                    found[-1] = PlanPart(plan, found[-1].first, after)
                else:
                    found.append(PlanPart(plan, one, after))
        return found

    def _versions(self, code: str) -> list[Plan]:
        if code not in self._read:
            rows = Plan.objects.filter(code=code, currency=self.currency).prefetch_related("prices")
            self._read[code] = list(rows.order_by("effective_from"))
        return self._read[code]

    @cached_property
    def _read(self) -> dict[str, list[Plan]]:
        return {}


def tariff_of(tenant_id: int) -> Tariff:
    """What the tenant's plans are and were."""
    return Tariff(choices_of(tenant_id))


def plan_at(tenant_id: int, at: datetime) -> Plan:
    """`Tariff.at` for who asks once."""
    return tariff_of(tenant_id).at(at)


def choices_of(tenant_id: int) -> list[PlanChoice]:
    """All choices of a tenant, oldest first, with their plans."""
    with scope.scope(tenant_id=tenant_id):
        rows = PlanChoice.objects.for_tenant(tenant_id).select_related("plan").order_by("starts_at")
        return list(rows)


def currency_of(tenant_id: int) -> str:
    """`Tariff.currency` for who asks once."""
    return tariff_of(tenant_id).currency


def offered_plans(currency: str, at: datetime) -> list[Plan]:
    """The plans that can be chosen, in the version in force, with their prices; the cheapest fee first."""
    rows = Plan.objects.filter(currency=currency, offered=True, effective_from__lte=at)
    plans = [
        p for p in rows.prefetch_related("prices") if p.effective_until is None or p.effective_until > at
    ]
    return sorted(plans, key=lambda plan: (fee_of(plan), plan.limits.get("reports_per_second", 0), plan.code))


def fee_of(plan: Plan) -> int:
    """What the plan itself costs a month, in minor units."""
    return sum(price.flat_minor for price in prices_of(plan) if not price.meter)


def prices_of(plan: Plan) -> tuple[Price, ...]:
    """The plan's prices as the rating engine reads them, the fee first, then by meter as the catalogue lists them."""
    if plan.code == NO_PLAN:
        return ()
    order = {"": -1, **{code: number for number, code in enumerate(METER_WORDS)}}
    rows = sorted(plan.prices.all(), key=lambda row: order.get(row.meter, len(order)))
    return tuple(
        Price(
            meter=row.meter,
            scheme=row.scheme,
            currency=plan.currency,
            unit_name=row.unit_name or METER_WORDS.get(row.meter, f"{plan.name} plan"),
            free_quantity=row.free_quantity,
            unit_size=row.unit_size,
            unit_minor=row.unit_minor or Decimal(0),
            flat_minor=row.flat_minor or 0,
            tiers=tuple(Tier(tier.get("up_to"), Decimal(tier["unit_minor"])) for tier in row.tiers),
        )
        for row in rows
    )


def _code(choice: PlanChoice | None) -> str:
    code: str = choice.plan.code if choice else settings.DEFAULT_PLAN
    return code


def _version_at(versions: Sequence[Plan], at: datetime, choice: PlanChoice | None) -> Plan:
    for version in versions:
        if version.effective_from <= at and (version.effective_until is None or version.effective_until > at):
            return version
    # a choice outlives the last version of its plan: it keeps the one that was chosen
    return choice.plan if choice else Plan(code=NO_PLAN, name="No plan", currency=settings.BILLING_CURRENCY)


def _spans(
    choices: Sequence[PlanChoice], first: datetime, last: datetime
) -> list[tuple[PlanChoice | None, datetime, datetime]]:
    spans: list[tuple[PlanChoice | None, datetime, datetime]] = []
    cursor = first
    for choice in choices:
        begin, end = max(choice.starts_at, first), min(choice.ends_at or last, last)
        if begin >= end:
            continue
        if cursor < begin:
            spans.append((None, cursor, begin))
        spans.append((choice, begin, end))
        cursor = end
    if cursor < last:
        spans.append((None, cursor, last))
    return spans
