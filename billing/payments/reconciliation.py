"""Compares what the provider counted with what we counted; a difference is shown, alarmed and told again."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.payments import client, usage
from billing.payments.accounts import refresh
from billing.payments.folding import HOUR
from billing.payments.hours import Used
from billing.payments.metering import OLDEST, RUNNING, tell_again, totals
from billing.payments.models import MeterSubmission, PaymentAccount, Reconciliation
from billing.payments.port import Payments, PaymentsError
from billing.payments.services import follow_plan
from tracker.tenants import scope

WHY = "use of every customer is compared"
SETTLES = timedelta(minutes=15)  # the provider adds up behind its answers
LOOKED_BACK = timedelta(days=60)  # of which what can be repaired is 35 days
DAY = timedelta(days=1)
State = Reconciliation.State

logger = logging.getLogger(__name__)


@dataclass
class Compared:
    """What one look came to."""

    accounts: int = 0
    hours_that_differ: int = 0
    settled: int = 0
    failed: int = 0


def compare(*, now: datetime) -> Compared:
    """Look at every customer with a subscription. Nothing where no provider is set up."""
    found = Compared()
    if not client.is_configured():
        return found
    provider = client.payments()
    with scope.scope(unscoped=WHY):
        rows = PaymentAccount.objects.unscoped(WHY).filter(subscription_status__in=RUNNING)
        accounts = list(rows.exclude(metered_from=None).order_by("pk"))
    for account in accounts:
        found.accounts += 1
        for meter, label in usage.meters().items():
            try:
                _compare(account, meter, provider.meter(meter, label), provider, found, now=now)
            except PaymentsError as error:
                found.failed += 1
                logger.warning("use could not be compared", extra={"meter": meter, "reason": str(error)})
    return found


def look_again(*, now: datetime) -> int:
    """Every account as the provider has it now, for news that never came; and the prices of plans that changed."""
    if not client.is_configured():
        return 0
    provider, looked = client.payments(), 0
    with scope.scope(unscoped=WHY):
        rows = PaymentAccount.objects.unscoped(WHY).exclude(customer=None).order_by("pk")
        tenants = list(rows.values_list("tenant_id", flat=True))
    for tenant_id in tenants:
        try:
            refresh(tenant_id, provider, now=now)
            follow_plan(tenant_id, now=now)
            looked += 1
        except PaymentsError as error:
            logger.warning(
                "an account was not looked at", extra={"tenant_id": tenant_id, "reason": str(error)}
            )
    return looked


def _compare(
    account: PaymentAccount, meter: str, meter_id: str, provider: Payments, found: Compared, *, now: datetime
) -> None:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    running_hour = now.replace(minute=0, second=0, microsecond=0)
    first = today - LOOKED_BACK
    with scope.scope(tenant_id=account.tenant_id):
        ours = {one.hour: one for one in totals(account, meter, first, running_hour)}
    days = provider.use_told(
        meter_id=meter_id, customer=account.customer or "", first=first, last=today, by_hour=False
    )
    wanted = {hour.replace(hour=0) for hour in ours} | set(days) | {today}
    suspects = [day for day in sorted(wanted) if day >= today or days.get(day, 0) != _sum(ours, day)]
    theirs: dict[datetime, int] = {}
    for day in suspects:
        last = min(day + DAY, running_hour)
        if last > day:
            theirs |= provider.use_told(
                meter_id=meter_id, customer=account.customer or "", first=day, last=last, by_hour=True
            )
    with scope.scope(tenant_id=account.tenant_id):
        hours = _unlike(account, meter, ours, theirs, suspects, now=now)
        for hour, here, there in hours:
            _found(account, meter, hour, here, there, now=now)
        settled = _settle(account, meter, ours, theirs, suspects, first, now=now)
    found.hours_that_differ += len(hours)
    found.settled += settled


def _sum(ours: dict[datetime, Used], day: datetime) -> int:
    return sum(one.quantity for hour, one in ours.items() if hour.replace(hour=0) == day)


def _unlike(
    account: PaymentAccount, meter: str, ours: dict[datetime, Used], theirs: dict[datetime, int],
    days: Sequence[datetime], *, now: datetime,
) -> list[tuple[datetime, Used, int]]:  # fmt: skip
    """Hours that differ, without those that are not told yet or were told a moment ago."""
    rows = MeterSubmission.objects.for_tenant(account.tenant_id).filter(meter=meter)
    underway = rows.filter(state=MeterSubmission.State.WAITING) | rows.filter(sent_at__gt=now - SETTLES)
    skipped = set(underway.values_list("hour", flat=True))
    behind = dict(rows.values_list("hour", "revision"))
    hours = {hour for hour in {*ours, *theirs} if hour.replace(hour=0) in days}
    unlike = []
    for hour in sorted(hours - skipped):
        here = ours.get(hour, Used(hour, 0, 0))
        there = theirs.get(hour, 0)
        untold = here.revision > behind.get(hour, 0) and hour >= now - OLDEST and here.quantity
        if here.quantity != there and not untold:
            unlike.append((hour, here, there))
    return unlike


def _found(
    account: PaymentAccount, meter: str, hour: datetime, here: Used, there: int, *, now: datetime
) -> None:
    lost = hour < now - OLDEST
    values: dict[str, Any] = {
        "ours": here.quantity,
        "theirs": there,
        "state": State.LOST if lost else State.OPEN,
        "settled_at": None,
    }
    rows = Reconciliation.objects.for_tenant(account.tenant_id).filter(meter=meter, hour=hour)
    known = rows.first()
    if known is None:
        values["found_at"] = now
        row_of: dict[str, Any] = values | {"tenant_id": account.tenant_id, "meter": meter, "hour": hour}
        Reconciliation.objects.create(**row_of)  # type: ignore[misc]  # the plugin takes a mapping for an id
    else:
        rows.update(**values)
    facts = {"tenant_id": account.tenant_id, "meter": meter, "hour": hour.isoformat(), "ours": here.quantity}
    if known is None or known.state != values["state"]:
        logger.error("the provider counted otherwise", extra=facts | {"theirs": there, "repaired": not lost})
    if not lost:
        tell_again(account, meter, hour, here)


def _settle(
    account: PaymentAccount, meter: str, ours: dict[datetime, Used], theirs: dict[datetime, int],
    days: Sequence[datetime], first: datetime, *, now: datetime,
) -> int:  # fmt: skip
    """Differences that are none any more: of days that agree, and of hours that do."""
    rows = Reconciliation.objects.for_tenant(account.tenant_id).filter(
        meter=meter, state=State.OPEN, hour__gte=first, hour__lt=now - HOUR
    )
    settled = 0
    for row in rows:
        here = ours[row.hour].quantity if row.hour in ours else 0
        agrees = row.hour.replace(hour=0) not in days or theirs.get(row.hour, 0) == here
        if agrees:
            again = {"state": State.SETTLED, "settled_at": now, "ours": here, "theirs": here}
            Reconciliation.objects.for_tenant(account.tenant_id).filter(pk=row.pk).update(**again)
            settled += 1
    return settled
