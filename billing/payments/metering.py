"""Tells the provider what was used: the total of an hour, again whenever it changes, until it is taken.

The meter keeps the latest total of an hour, so telling is a *set*: a crash, a lost answer or a repeat changes nothing.
Nothing is written before a call but that the hour waits, and after it that it was sent; between the two the same
total goes out again under the same identifier.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from billing.payments import client, usage
from billing.payments.folding import as_told, month_of
from billing.payments.hours import Used
from billing.payments.models import MeterSubmission, PaymentAccount
from billing.payments.port import AlreadyTaken, Final, Payments, Retriable
from tracker.tenants import scope

WHY = "use is told of every customer"
OLDEST = timedelta(days=35) - timedelta(minutes=5)  # the provider's bound, and room for its clock
LOOKED_BACK, SWEPT_BACK = timedelta(hours=48), timedelta(days=45)
SWEEP_EVERY = timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=1)
MOST_A_LANE = 500
RUNNING = ("active", "past_due", "trialing", "unpaid")
State = MeterSubmission.State

logger = logging.getLogger(__name__)


@dataclass
class Told:
    """What one tick came to, in hours."""

    sent: int = 0
    refused: int = 0
    too_old: int = 0
    put_off: int = 0


def send_due(*, now: datetime) -> Told:
    """Tell what is new of every customer with a subscription. Nothing where no provider is set up."""
    told = Told()
    if not client.is_configured():
        return told
    provider = client.payments()
    with scope.scope(unscoped=WHY):
        rows = PaymentAccount.objects.unscoped(WHY).filter(subscription_status__in=RUNNING)
        accounts = list(rows.exclude(metered_from=None).order_by("pk"))
    for account in accounts:
        sweeps = account.swept_at is None or account.swept_at <= now - SWEEP_EVERY
        for meter in usage.meters():
            note_new(account, meter, now=now, sweeps=sweeps)
            _send_lane(account, meter, provider, told, now=now)
        if sweeps:
            _swept(account, now)
    return told


def _swept(account: PaymentAccount, now: datetime) -> None:
    with scope.scope(tenant_id=account.tenant_id):
        PaymentAccount.objects.for_tenant(account.tenant_id).update(swept_at=now)


def totals(account: PaymentAccount, meter: str, first: datetime, last: datetime) -> list[Used]:
    """Our totals as they are told, of hours within [first, last)."""
    start = account.metered_from
    if start is None or start >= last:
        return []
    begin = month_of(start) if first <= start else first
    hours = usage.hourly(account.tenant_id, meter, begin, last)
    alone = MeterSubmission.objects.for_tenant(account.tenant_id).filter(meter=meter, hour__lt=start)
    known = set(alone.values_list("hour", flat=True)) if first <= start else set()
    return [one for one in as_told(hours, start, by_themselves=known) if first <= one.hour]


def note_new(account: PaymentAccount, meter: str, *, now: datetime, sweeps: bool) -> int:
    """Write down which hours have to be told; how many. What is beyond 35 days is written down as too late."""
    # the fee's hour is the month's first, and in money it changes until the month's last
    back = SWEPT_BACK if sweeps or meter == usage.PLAN_FEE else LOOKED_BACK
    first = (now - back).replace(minute=0, second=0, microsecond=0)
    with scope.scope(tenant_id=account.tenant_id):
        rows = MeterSubmission.objects.for_tenant(account.tenant_id).filter(meter=meter, hour__gte=first)
        known = dict(rows.values_list("hour", "revision"))
        new = [
            one
            for one in totals(account, meter, first, now)
            if one.revision > known.get(one.hour, 0) and (one.quantity or one.hour in known)
        ]
        for one in new:
            _note(account, meter, one, now=now)
    return len(new)


def _note(account: PaymentAccount, meter: str, one: Used, *, now: datetime) -> None:
    late = one.hour < now - OLDEST
    values: dict[str, Any] = {
        "quantity": one.quantity,
        "revision": one.revision,
        "identifier": identifier(account, meter, one.hour, one.revision, 0),
        "state": State.TOO_OLD if late else State.WAITING,
        "tries": 0,
        "repeat": 0,
        "due_at": None,
        "error": "It changed more than 35 days later, which the provider does not take." if late else "",
    }
    rows = MeterSubmission.objects.for_tenant(account.tenant_id).filter(meter=meter, hour=one.hour)
    # a tick beside this one may have noted a later revision, or this one
    if not rows.filter(revision__lt=one.revision).update(**values) and not rows.exists():
        row_of: dict[str, Any] = values | {"tenant_id": account.tenant_id, "meter": meter, "hour": one.hour}
        MeterSubmission.objects.create(**row_of)  # type: ignore[misc]  # the plugin takes a mapping for an id
    if late:
        logger.error(
            "use came too late to be told to the provider",
            extra={"tenant_id": account.tenant_id, "meter": meter, "hour": one.hour.isoformat()},
        )


def identifier(account: PaymentAccount, meter: str, hour: datetime, revision: int, repeat: int) -> str:
    """Of this total and no other. One that is told again on purpose needs another, for a day holds the first."""
    again = f".{repeat}" if repeat else ""
    return f"{account.customer}:{meter}:{hour:%Y%m%d%H}:{revision}{again}"


def _send_lane(account: PaymentAccount, meter: str, provider: Payments, told: Told, *, now: datetime) -> None:
    """What waits of one customer and meter, hour by hour; the first trouble puts all of it off."""
    with scope.scope(tenant_id=account.tenant_id):
        waiting = MeterSubmission.objects.for_tenant(account.tenant_id).filter(
            meter=meter, state=State.WAITING
        )
        if waiting.filter(due_at__gt=now).exists():
            told.put_off += 1
            return
        due = list(waiting.order_by("hour").values_list("pk", flat=True)[:MOST_A_LANE])
    for number in due:
        try:
            if not _send(account, meter, number, provider, told, now=now):
                return
        except Retriable as trouble:
            _put_off(account, number, trouble, now=now)
            told.put_off += 1
            return


def _send(
    account: PaymentAccount, meter: str, number: int, provider: Payments, told: Told, *, now: datetime
) -> bool:
    """Tell one hour; False where another process has this lane. Its lock lasts until what was done is written."""
    with scope.scope(tenant_id=account.tenant_id):
        if not _take_lane(account.tenant_id, meter):
            return False
        rows = MeterSubmission.objects.for_tenant(account.tenant_id)
        row = rows.select_for_update().filter(Q(pk=number), Q(state=State.WAITING)).first()
        if row is None:
            return True
        if row.hour < now - OLDEST:
            error = "It waited until the provider took it no more."
            rows.filter(pk=number).update(state=State.TOO_OLD, due_at=None, error=error)
            logger.error("use waited too long to be told", extra={"identifier": row.identifier})
            told.too_old += 1
            return True
        try:
            provider.tell_use(
                meter=meter,
                customer=account.customer or "",
                quantity=row.quantity,
                at=row.hour,
                identifier=row.identifier,
            )
        except AlreadyTaken:
            pass  # told before, and the answer or its note was lost
        except Final as refusal:
            rows.filter(pk=number).update(state=State.REFUSED, due_at=None, error=str(refusal)[:300])
            logger.error("use was refused", extra={"identifier": row.identifier, "reason": str(refusal)})
            told.refused += 1
            return True
        rows.filter(pk=number).update(state=State.SENT, sent_at=now, due_at=None, error="")
        told.sent += 1
        return True


def _take_lane(tenant_id: int, meter: str) -> bool:
    """One call at a time for a customer and a meter: held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"told:{tenant_id}:{meter}"]
        )
        return bool(cursor.fetchone()[0])


def _put_off(account: PaymentAccount, number: int, trouble: Retriable, *, now: datetime) -> None:
    with transaction.atomic(), scope.scope(tenant_id=account.tenant_id):
        rows = MeterSubmission.objects.for_tenant(account.tenant_id).filter(pk=number)
        row = rows.select_for_update().get()
        wait = timedelta(seconds=trouble.after_s) if trouble.after_s else back_off(row.tries)
        rows.update(tries=row.tries + 1, due_at=now + wait, error=str(trouble)[:300])
    logger.warning(
        "use could not be told yet",
        extra={"tenant_id": account.tenant_id, "reason": str(trouble), "wait_s": wait.total_seconds()},
    )


def back_off(tries: int) -> timedelta:
    """5 s, 10 s, 20 s … an hour."""
    return min(timedelta(seconds=5 * 2 ** min(tries, 12)), LONGEST_WAIT)


def tell_again(account: PaymentAccount, meter: str, hour: datetime, one: Used) -> None:
    """Let this hour be told although nothing changed here; the scope is the tenant's."""
    rows = MeterSubmission.objects.for_tenant(account.tenant_id).filter(meter=meter, hour=hour)
    row = rows.select_for_update().first()
    repeat = row.repeat + 1 if row else 1
    values: dict[str, Any] = {
        "quantity": one.quantity,
        "revision": max(one.revision, row.revision if row else 0),
        "repeat": repeat,
        "identifier": identifier(account, meter, hour, one.revision, repeat),
        "state": State.WAITING,
        "tries": 0,
        "due_at": None,
        "error": "",
    }
    if not rows.update(**values):
        row_of: dict[str, Any] = values | {"tenant_id": account.tenant_id, "meter": meter, "hour": hour}
        MeterSubmission.objects.create(**row_of)  # type: ignore[misc]  # the plugin takes a mapping for an id
