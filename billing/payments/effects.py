"""What a standing does to a customer's limits: lowered to a share, and brought back as they were."""

from importlib import import_module
from typing import Any

from billing.payments.dunning import Standing, share_of_limits
from billing.payments.models import PaymentAccount
from tracker.limits import feed
from tracker.tenants.models import Environment, Tenant

TENANT = "tenant"
COLUMNS = ("key_reports_per_second", "reports_per_second", "registrations_per_second")


def apply(account: PaymentAccount, standing: Standing) -> bool:
    """Let the limits be those of this standing; whether anything changed. The account's row is locked by the caller.

    Doors hold to it within seconds. One a second is what is left of a paused customer: a door tells its phones why.
    """
    share = share_of_limits(standing)
    if share == 1.0:
        return _restore(account)
    if not account.limits_before:
        account.limits_before = _present(account.tenant_id)
        PaymentAccount.objects.for_tenant(account.tenant_id).update(limits_before=account.limits_before)
    return _write(account.tenant_id, account.limits_before, share)


def _present(tenant_id: int) -> dict[str, Any]:
    rows = Environment.objects.for_tenant(tenant_id).values("pk", *COLUMNS)
    found: dict[str, Any] = {str(row.pop("pk")): row for row in rows}
    reports = Tenant.objects.values_list("reports_per_second", flat=True).get(pk=tenant_id)
    return found | {TENANT: {"reports_per_second": reports}}


def _restore(account: PaymentAccount) -> bool:
    if not account.limits_before:
        return False
    changed = _write(account.tenant_id, account.limits_before, 1.0)
    account.limits_before = {}
    PaymentAccount.objects.for_tenant(account.tenant_id).update(limits_before={})
    _follow_plan(account)
    return changed


def _follow_plan(account: PaymentAccount) -> None:
    """The plan may have changed while limits were lowered: the guard knows what it gives."""
    try:
        limits, selectors = import_module("billing.guard.limits"), import_module("billing.plans.selectors")
    except ModuleNotFoundError:
        return
    now = import_module("django.utils.timezone").now()
    limits.apply_plan(account.tenant, selectors.plan_at(account.tenant_id, now))


def _write(tenant_id: int, limits: dict[str, Any], share: float) -> bool:
    changed = 0
    for number, columns in limits.items():
        wanted = {name: max(1, int(value * share)) for name, value in columns.items()}
        if number == TENANT:
            rows: Any = Tenant.objects.filter(pk=tenant_id)
        else:
            rows = Environment.objects.for_tenant(tenant_id).filter(pk=int(number))
        changed += rows.exclude(**wanted).update(**wanted)
    if changed:
        feed.changed()
    return bool(changed)
