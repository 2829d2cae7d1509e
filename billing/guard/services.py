"""Writes on budgets and caps, and the look at all of them that the tick takes."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from billing.guard import caps, sources, telling
from billing.guard.choices import CAPPABLE, SAMPLE
from billing.guard.errors import GuardRefused
from billing.guard.models import Budget, BudgetAlert, Cap
from billing.guard.months import month_of
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant

logger = logging.getLogger(__name__)
WHY = "the tick looks at every customer's budget and caps"
SHARES = (50, 80, 100)
MOST_SHARES, HIGHEST_SHARE, MOST_MAILS = 10, 1000, 10
MOST_QUANTITY, MOST_ONE_IN = 10**17, 10_000


@dataclass(frozen=True)
class Watched:
    """What one look at all customers did."""

    tenants: int
    alerts: int
    caps: int
    mails: int
    failed: int


def set_budget(
    tenant: Tenant,
    *,
    amount_minor: int,
    currency: str,
    shares: Collection[int] = SHARES,
    mails: Sequence[str] = (),
    tells_webhooks: bool = True,
    now: datetime,
) -> Budget:
    """Say what the tenant means to spend in a month. Raises GuardRefused, naming the field."""
    if amount_minor < 1:
        raise GuardRefused("amount", "A budget is more than nothing. To spend nothing, cap a meter at 0.")
    billed_in = sources.currency_of(tenant.pk)
    if currency != billed_in:
        raise GuardRefused("amount", f"You are billed in {billed_in}: a budget in {currency} has no meaning.")
    values = {
        "amount_minor": amount_minor,
        "currency": currency,
        "shares": _shares(shares),
        "mails": _mails(mails),
        "tells_webhooks": tells_webhooks,
        "changed_at": now,
    }
    with scope.scope(tenant_id=tenant.pk):
        caps.one_at_a_time(tenant.pk)
        budget, _ = Budget.objects.for_tenant(tenant).update_or_create(tenant=tenant, defaults=values)
    return budget


def remove_budget(tenant: Tenant) -> None:
    """Watch the spend no longer. Alerts that were sent stay on the page."""
    with scope.scope(tenant_id=tenant.pk):
        caps.one_at_a_time(tenant.pk)
        Budget.objects.for_tenant(tenant).delete()


def set_cap(
    tenant: Tenant,
    environment: Environment | None,
    *,
    meter: str,
    quantity: int,
    action: str,
    keeps_one_in: int = 1,
    now: datetime,
) -> Cap:
    """Cap a meter of an environment, or of all live ones together. It holds from now on, and what it no longer
    reaches is lifted at once. Raises GuardRefused, naming the field."""
    _refuse_cap(tenant, environment, meter, quantity, action)
    if action == SAMPLE and not 2 <= keeps_one_in <= MOST_ONE_IN:
        raise GuardRefused("keeps_one_in", f"One fix in how many is kept: 2 to {MOST_ONE_IN:,}.")
    values = {
        "quantity": quantity,
        "action": action,
        "keeps_one_in": keeps_one_in if action == SAMPLE else 1,
    }
    with scope.scope(tenant_id=tenant.pk):
        caps.one_at_a_time(tenant.pk)
        cap, _ = Cap.objects.for_tenant(tenant).update_or_create(
            tenant=tenant, environment=environment, meter=meter, defaults=values
        )
        _hold(tenant.pk, now)
        cap.refresh_from_db(from_queryset=Cap.objects.for_tenant(tenant))
    return cap


def remove_cap(tenant: Tenant, uid: UUID, *, now: datetime) -> bool:
    """Take a cap away, and what it did with it; False where there is none."""
    with scope.scope(tenant_id=tenant.pk):
        caps.one_at_a_time(tenant.pk)
        gone, _ = Cap.objects.for_tenant(tenant).filter(uid=uid).delete()
        if gone:
            _hold(tenant.pk, now)
    return bool(gone)


def watch(now: datetime) -> Watched:
    """Look at every budget and cap: alerts once each, caps set and lifted, mails sent.

    Each customer in a transaction of its own: one that fails holds up nobody. Raises NoTimeZone.
    """
    month_of(now)
    done = [0, 0, 0, 0]
    tenants = _watched()
    for tenant_id in tenants:
        try:
            with scope.scope(tenant_id=tenant_id):
                caps.one_at_a_time(tenant_id)
                alerts, reached = _alert(tenant_id, now), _hold(tenant_id, now)
            done[0], done[1] = done[0] + alerts, done[1] + reached
            done[2] += _mail(tenant_id)
        except Exception:  # a mistake about one customer must not leave the others unguarded
            logger.exception("a budget could not be watched", extra={"tenant_id": tenant_id})
            done[3] += 1
    return Watched(len(tenants), *done)


def _watched() -> list[int]:
    with scope.scope(unscoped=WHY):
        found = {
            tenant_id
            for model in (Budget, Cap)
            for tenant_id in model.objects.unscoped(WHY).values_list("tenant_id", flat=True)
        }
    return sorted(found)


def _alert(tenant_id: int, now: datetime) -> int:
    """A row for every share that is spent and has none yet; how many."""
    budget = Budget.objects.for_tenant(tenant_id).first()
    if budget is None:
        return 0
    spend = sources.spent(tenant_id, now)
    if spend.currency != budget.currency:
        logger.warning(
            "a budget is in another currency than the bill",
            extra={"tenant_id": tenant_id, "budget": budget.currency, "bill": spend.currency},
        )
        return 0
    crossed = [share for share in budget.shares if spend.minor * 100 >= budget.amount_minor * share]
    made = 0
    for share in crossed:
        alert, is_new = BudgetAlert.objects.for_tenant(tenant_id).get_or_create(
            tenant_id=tenant_id,
            month=month_of(now),
            share=share,
            amount_minor=budget.amount_minor,
            currency=budget.currency,
            defaults={"spent_minor": spend.minor, "crossed_at": now},
        )
        if is_new:
            made += 1
            if budget.tells_webhooks:
                telling.tell_threshold(alert, now=now)
    return made


def _hold(tenant_id: int, now: datetime) -> int:
    reached = caps.hold(tenant_id, now=now)
    for one in reached:
        telling.tell_cap(one, now=now)
    return len(reached)


def _mail(tenant_id: int) -> int:
    """In a transaction of its own: a mail server that is away must not undo a cap."""
    with scope.scope(tenant_id=tenant_id):
        caps.one_at_a_time(tenant_id)
        return telling.send_mails(Tenant.objects.get(pk=tenant_id))


def _shares(shares: Collection[int]) -> list[int]:
    found = sorted(set(shares))
    if not found or len(found) > MOST_SHARES:
        raise GuardRefused("shares", f"Name 1 to {MOST_SHARES} shares, such as 50, 80, 100.")
    if found[0] < 1 or found[-1] > HIGHEST_SHARE:
        raise GuardRefused("shares", f"A share is a whole number of per cent from 1 to {HIGHEST_SHARE}.")
    return found


def _mails(mails: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(mail.strip().lower() for mail in mails if mail.strip()))
    if len(found) > MOST_MAILS:
        raise GuardRefused("mails", f"At most {MOST_MAILS} addresses.")
    for mail in found:
        try:
            validate_email(mail)
        except ValidationError:
            raise GuardRefused("mails", f"{mail[:100]} is no mail address.") from None
    return found


def _refuse_cap(
    tenant: Tenant, environment: Environment | None, meter: str, quantity: int, action: str
) -> None:
    if environment is not None and environment.tenant_id != tenant.pk:
        raise GuardRefused("environment", "This environment is not one of yours.")
    shape = CAPPABLE.get(meter)
    if shape is None:
        raise GuardRefused("meter", "There is no such meter: choose one of the list.")
    if action not in dict(shape.actions):
        said = f" {shape.why_only}" if shape.why_only else ""
        raise GuardRefused("action", f"{shape.name} cannot be capped like that.{said}")
    if not 0 <= quantity <= MOST_QUANTITY:
        raise GuardRefused("quantity", "A cap is a whole number, 0 or more.")
