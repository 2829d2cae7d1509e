"""From a plan's limits to the columns that doors hold to; what staff set stands above the plan."""

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from billing.guard import sources
from billing.guard.errors import GuardRefused
from billing.guard.models import LimitOverride
from tracker.limits import feed
from tracker.limits.source import Granted
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant, User

OF_TENANT = ("reports_per_second",)
OF_ENVIRONMENT = ("key_reports_per_second", "reports_per_second", "registrations_per_second")
MOST = 2_000_000_000
BY_HAND = "Set on the admin's page."


def apply_plan(tenant: Tenant, plan: Any) -> int:
    """Write what the plan gives into the tenant and all its environments; how many rows changed.

    Doors are told at the commit. Raises GuardRefused for limits that are none.
    """
    given = columns_of(plan.limits)
    with scope.scope(tenant_id=tenant.pk):
        overrides = _overrides(tenant.pk)
        changed = _write(Tenant.objects.filter(pk=tenant.pk), {**given.tenant, **overrides.get(None, {})})
        rows = Environment.objects.for_tenant(tenant)
        for environment_id in list(rows.values_list("pk", flat=True)):
            wanted = {**given.environment, **overrides.get(environment_id, {})}
            changed += _write(rows.filter(pk=environment_id), wanted)
        if changed:
            feed.changed()
    return changed


def granted(tenant_id: int | None) -> Granted:
    """What `tracker.limits.source` asks for: the plan's name, and what a new tenant or environment gets."""
    plan = sources.plan_of(tenant_id or 0, timezone.now())
    given = columns_of(plan.limits)
    return Granted(plan.name if plan.pk else "", given.tenant, given.environment)


def override(
    tenant: Tenant, environment: Environment | None, column: str, value: int, *, reason: str, by: User | None
) -> LimitOverride:
    """Let a limit be `value` whatever the plan says. Raises GuardRefused."""
    _refuse_bad(column, value)
    if not reason.strip():
        raise GuardRefused("reason", "Say why: whoever looks at this limit in a year has nothing but this.")
    if environment is not None and environment.tenant_id != tenant.pk:
        raise GuardRefused("environment", f"{environment} is not an environment of {tenant}.")
    if environment is None and column not in OF_TENANT:
        raise GuardRefused("column", "This limit is one of an environment: choose which.")
    with scope.scope(tenant_id=tenant.pk):
        row, _ = LimitOverride.objects.for_tenant(tenant).update_or_create(
            tenant=tenant,
            environment=environment,
            column=column,
            defaults={"value": value, "reason": reason.strip()[:500], "set_by": by, "set_at": timezone.now()},
        )
        apply_plan(tenant, sources.plan_of(tenant.pk, timezone.now()))
    return row


def lift(row: LimitOverride) -> None:
    """Let the plan say the limit again."""
    tenant = row.tenant
    with scope.scope(tenant_id=tenant.pk):
        LimitOverride.objects.for_tenant(tenant).filter(pk=row.pk).delete()
        apply_plan(tenant, sources.plan_of(tenant.pk, timezone.now()))


def set_by_staff(sender: type, *, row: Any, fields: frozenset[str], by: User, **_: Any) -> None:
    """A limit was typed into a tenant's or an environment's own page: it stands above the plan from now on."""
    tenant_id, environment = (row.pk, None) if isinstance(row, Tenant) else (row.tenant_id, row)
    with transaction.atomic():
        for column in sorted(fields):
            LimitOverride.objects.for_tenant(tenant_id).update_or_create(
                tenant_id=tenant_id,
                environment=environment,
                column=column,
                defaults={
                    "value": getattr(row, column),
                    "reason": BY_HAND,
                    "set_by": by,
                    "set_at": timezone.now(),
                },
            )


def columns_of(limits: Mapping[str, Any]) -> Granted:
    """A plan's limits by column; what it does not name is the column's default. Raises GuardRefused."""
    known = {name: limits[name] for name in OF_ENVIRONMENT if name in limits}
    for name, value in known.items():
        _refuse_bad(name, value)
    tenant = {name: known.get(name, _default(Tenant, name)) for name in OF_TENANT}
    return Granted(
        "", tenant, {name: known.get(name, _default(Environment, name)) for name in OF_ENVIRONMENT}
    )


def _refuse_bad(column: str, value: object) -> None:
    if column not in OF_ENVIRONMENT:
        raise GuardRefused("column", f"{column} is no limit: {', '.join(OF_ENVIRONMENT)} are.")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise GuardRefused("value", f"{column} must be a whole number from 1 to {MOST:,}, not {value!r}.")


def _overrides(tenant_id: int) -> dict[int | None, dict[str, int]]:
    found: dict[int | None, dict[str, int]] = {}
    for row in LimitOverride.objects.for_tenant(tenant_id):
        found.setdefault(row.environment_id, {})[row.column] = row.value
    return found


def _write(rows: models.QuerySet[Any], wanted: Mapping[str, int]) -> int:
    """Only where something is another: an unchanged limit is no news to a door."""
    return int(rows.exclude(**wanted).update(**wanted))


def _default(model: type[models.Model], column: str) -> int:
    field: Any = model._meta.get_field(column)
    return int(field.default)
