"""Writes on plans: choosing one, and what comes due when a choice begins."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from billing.ledger.selectors import ledger_currency
from billing.plans.errors import PlanRefused
from billing.plans.handing_on import hand_limits_on, note
from billing.plans.models import NO_PLAN, Plan, PlanChoice
from billing.plans.selectors import choices_of, plan_at
from tracker.tenants import scope
from tracker.tenants.models import Tenant, User

logger = logging.getLogger(__name__)
BATCH = 200


def choose(
    tenant: Tenant,
    plan: Plan,
    *,
    starts_at: datetime | None = None,
    by: User | HttpRequest | None = None,
    now: datetime | None = None,
) -> PlanChoice:
    """Put the tenant on a plan from the beginning of an hour on: the running one, or a later one.

    What was planned from then on is replaced. Raises PlanRefused for the past, another currency, or a plan that
    is not in force then.
    """
    now = now or timezone.now()
    begin = _hour(starts_at or now)
    with scope.scope(tenant_id=tenant.pk):
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)  # one choice of a tenant at a time
        _refuse_nonsense(tenant, plan, begin, now)
        before = plan_at(tenant.pk, begin)
        rows = PlanChoice.objects.for_tenant(tenant)
        rows.filter(starts_at__gte=begin).delete()
        rows.filter(Q(ends_at=None) | Q(ends_at__gt=begin), starts_at__lt=begin).update(ends_at=begin)
        choice = PlanChoice.objects.create(tenant=tenant, plan=plan, starts_at=begin)
        note(by, "plan.choose", tenant, _told(before, None), _told(plan, begin))
        if begin <= now:
            _begin(choice, now)
    return choice


def begin_due(*, now: datetime) -> int:
    """Hand the limits of choices on whose time has come; how many."""
    with scope.scope(unscoped="choices of every customer that begin now"):
        rows = PlanChoice.objects.unscoped("the tick begins what is due of every customer")
        due = rows.filter(applied_at=None, starts_at__lte=now)
        ids = list(due.order_by("starts_at").values_list("pk", flat=True)[:BATCH])
    begun = 0
    for key in ids:
        with transaction.atomic(), scope.scope(unscoped="the limits of one customer's plan"):
            rows = PlanChoice.objects.unscoped("one row, by its number").select_related("plan", "tenant")
            choice = (
                rows.select_for_update(of=("self",), skip_locked=True).filter(pk=key, applied_at=None).first()
            )
            if choice is not None:
                _begin(choice, now)
                begun += 1
    return begun


def _begin(choice: PlanChoice, now: datetime) -> None:
    hand_limits_on(choice.tenant, plan_at(choice.tenant_id, max(choice.starts_at, now)))
    PlanChoice.objects.for_tenant(choice.tenant_id).filter(pk=choice.pk).update(applied_at=now)
    choice.applied_at = now


def _refuse_nonsense(tenant: Tenant, plan: Plan, begin: datetime, now: datetime) -> None:
    if plan.code == NO_PLAN:
        raise PlanRefused("That is no plan that can be chosen: take one of the list.")
    if begin < _hour(now):
        raise PlanRefused(
            f"A plan cannot begin in the past, at {begin:%Y-%m-%d %H:%M} UTC: choose now or a later time."
        )
    if plan.effective_from > begin or (plan.effective_until is not None and plan.effective_until <= begin):
        raise PlanRefused(
            f"{plan} is not in force at {begin:%Y-%m-%d %H:%M} UTC: choose the version of that time."
        )
    choices = choices_of(tenant.pk)
    billed_in = choices[0].plan.currency if choices else ledger_currency(tenant.pk)
    if billed_in and billed_in != plan.currency:
        raise PlanRefused(
            f"This organisation is billed in {billed_in}, the plan is in {plan.currency}: choose it in {billed_in}."
        )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _told(plan: Plan, begin: datetime | None) -> dict[str, str]:
    told = {"plan": plan.code, "currency": plan.currency}
    return told if begin is None else {**told, "from": begin.isoformat()}
