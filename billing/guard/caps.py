"""Holds a tenant's caps: which are reached, and what that does to its environments' columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from billing.guard import sources
from billing.guard.choices import SAMPLE, STOP
from billing.guard.models import Cap
from billing.guard.months import month_of
from tracker.limits import feed
from tracker.tenants.models import Environment

LOCK = 0x4D50_CA90  # with the tenant's number: one look at a tenant's guard at a time


@dataclass(frozen=True)
class Reached:
    """A cap that was just found reached and is to be told of, and how much was used."""

    cap: Cap
    used: int


def one_at_a_time(tenant_id: int) -> None:
    """Until the transaction ends nobody else looks at, or changes, this tenant's guard."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK - 2**31, tenant_id % 2**31])


def hold(tenant_id: int, *, now: datetime) -> list[Reached]:
    """Compare caps with use, and write what they do. Inside the tenant's scope and `one_at_a_time`.

    A cap is lifted when the month turns, when it is raised or taken away. Doors hear of it at the commit.
    """
    month = month_of(now)
    caps = list(Cap.objects.for_tenant(tenant_id).order_by("pk"))
    used = _used(tenant_id, caps, month)
    told = [
        Reached(cap, used[cap.pk]) for cap in caps if _mark(cap, used[cap.pk] >= cap.quantity, month, now)
    ]
    if _write(tenant_id, [cap for cap in caps if cap.reached_at is not None]):
        feed.changed()
    return told


def _mark(cap: Cap, over: bool, month: date, now: datetime) -> bool:
    """Note whether it is reached; whether that is news to people, which it is once a month for each quantity."""
    rows = Cap.objects.for_tenant(cap.tenant_id).filter(pk=cap.pk)
    if not over:
        if cap.reached_at is not None:
            cap.reached_at = cap.reached_month = None
            rows.update(reached_at=None, reached_month=None, mail_due=False)
        return False
    values: dict[str, Any] = {}
    if cap.reached_month != month:
        values |= {"reached_at": now, "reached_month": month}
    news = (cap.told_month, cap.told_quantity) != (month, cap.quantity)
    if news:
        values |= {"told_month": month, "told_quantity": cap.quantity, "mail_due": True}
    if values:
        rows.update(**values)
        for name, value in values.items():
            setattr(cap, name, value)
    return news


def _write(tenant_id: int, reached: Iterable[Cap]) -> int:
    """The columns of each environment as the reached caps want them; how many environments changed."""
    reached, changed = list(reached), 0
    rows = Environment.objects.for_tenant(tenant_id)
    for environment_id, kind in list(rows.values_list("pk", "kind")):
        of_it = [
            cap
            for cap in reached
            if cap.environment_id == environment_id
            or (cap.environment_id is None and kind == Environment.Kind.LIVE)
        ]
        wanted = effect(of_it)
        changed += rows.filter(pk=environment_id).exclude(**wanted).update(**wanted)
    return changed


def effect(reached: Iterable[Cap]) -> dict[str, Any]:
    """What reached caps together do to an environment: the harshest of them holds."""
    reached = list(reached)
    fixes = [cap for cap in reached if cap.meter == "fixes_accepted"]
    stops = any(cap.meter == "dispatch_stops" and cap.action == STOP for cap in reached)
    if any(cap.action == STOP for cap in fixes):
        return {"intake": Environment.Intake.STOPPED, "intake_keeps_one_in": 1, "planning_stopped": stops}
    thinned = [cap.keeps_one_in for cap in fixes if cap.action == SAMPLE]
    intake = Environment.Intake.SAMPLE if thinned else Environment.Intake.OPEN
    return {"intake": intake, "intake_keeps_one_in": max(thinned, default=1), "planning_stopped": stops}


def _used(tenant_id: int, caps: Iterable[Cap], month: date) -> dict[int, int]:
    """How much of its meter was used this month, by the cap's number; each box is counted once."""
    counted: dict[int | None, Mapping[str, int]] = {}
    found = {}
    for cap in caps:
        box = cap.environment_id
        if box not in counted:
            counted[box] = sources.billed(tenant_id, month) if box is None else sources.used_by(box, month)
        found[cap.pk] = counted[box].get(cap.meter, 0)
    return found
