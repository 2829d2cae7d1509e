"""Keeps the figures of hubs' days: computed every five minutes and soon after each change that matters.

Whoever changes something marks the hub's day stale, in the change's own transaction or after it. A tick takes stale
days, one transaction each, and holds the row while it computes: a mark that comes meanwhile waits, is set when the tick
has committed, and has the day computed again. So no change is passed over, whoever commits when.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from dispatch.fleet.models import Driver, Hub
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest
from dispatch.metrics import predictions
from dispatch.metrics.arrivals import refresh_arrivals
from dispatch.metrics.computing import Day, compute
from dispatch.metrics.figures import Figures
from dispatch.metrics.models import HubDay
from tracker.tenants import scope
from tracker.tenants.models import Environment

EVERY = timedelta(minutes=5)
LEAST_APART = timedelta(seconds=30)  # a hub whose day changes every second is computed twice a minute
AT_ONCE = 20  # days a tick, so that it is over before the next one
DUE = Q(stale_since__isnull=False)
UNCOUNTED = (Manifest.State.DRAFT, Manifest.State.CANCELLED)
WHY = "the tick computes the days of every customer"
MARK = """
    INSERT INTO dispatch_hubday AS d (environment_id, hub_id, service_date, figures, computed_at, stale_since)
    SELECT %(environment)s, hub, %(day)s, '{}', %(never)s, %(now)s FROM unnest(%(hubs)s::bigint[]) AS hub
    ON CONFLICT (environment_id, hub_id, service_date)
        DO UPDATE SET stale_since = coalesce(d.stale_since, excluded.stale_since)
"""
NEVER = datetime.fromisoformat(
    "1970-01-01T00:00:00+00:00"
)  # computed then: made by a mark, without figures yet
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refreshed:
    """What a tick did."""

    days: int = 0
    failed: int = 0

    def __add__(self, other: "Refreshed") -> "Refreshed":
        return Refreshed(self.days + other.days, self.failed + other.failed)


def mark_stale(environment_id: int, hub_id: int | Collection[int], service_date: date, now: datetime) -> None:
    """Have the day of this hub (or of these) computed soon. In the scope of its environment."""
    hubs = [hub_id] if isinstance(hub_id, int) else sorted(set(hub_id))
    facts: dict[str, Any] = {
        "environment": environment_id,
        "hubs": hubs,
        "day": service_date,
        "now": now,
        "never": NEVER,
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK, facts)


def refresh_day(day: Day, *, now: datetime, arrivals: bool = True) -> Figures:
    """Compute a hub's day, arrivals first, and keep what comes out. In the scope of its environment.

    Without `arrivals` the figures are there at once, and the day stays marked for a tick to reckon these.
    """
    environment = day.hub.environment_id
    with transaction.atomic():
        mark_stale(
            environment, day.hub.pk, day.service_date, now
        )  # its row is there and ours until the commit
        if arrivals:
            manifests = Manifest.objects.for_environment(environment).filter(
                hub=day.hub, service_date=day.service_date, state__in=IN_FORCE
            )
            refresh_arrivals(environment, list(manifests.values_list("pk", flat=True)), now=now)
        figures = compute(day, now=now)
        rows = HubDay.objects.for_environment(environment).filter(hub=day.hub, service_date=day.service_date)
        rows.update(figures=msgspec.to_builtins(figures), computed_at=now)
        if arrivals:
            rows.update(stale_since=None)
    return figures


def refresh_stale(*, now: datetime) -> Refreshed:
    """Compute days that were marked, the longest waiting first; what another tick is at is left to it."""
    with scope.scope(unscoped=WHY):
        rows = HubDay.objects.unscoped(WHY).filter(DUE, computed_at__lt=now - LEAST_APART)
        found = list(rows.order_by("stale_since").select_related("hub")[:AT_ONCE])
    return _refresh([Day(row.hub, row.service_date) for row in found], now=now, only_marked=True)


def refresh_all(*, now: datetime) -> Refreshed:
    """Compute the days around now of every hub at work, in environments that send anybody out; settle predictions.

    Time alone changes figures: a slot that ends unserved is missed.
    """
    with scope.scope(unscoped=WHY):
        rows = (
            Manifest.objects.unscoped(WHY)
            .filter(service_date__range=_around(now))
            .exclude(state__in=UNCOUNTED)
        )
        environments = sorted(set(rows.values_list("environment_id", flat=True).distinct()))
    done = Refreshed()
    for environment_id in environments:
        with scope.scope(environment_id=environment_id):
            days = _due(environment_id, now=now)
        done = done + _refresh(days, now=now)
        with scope.scope(environment_id=environment_id):
            predictions.settle(environment_id, now=now)
    return done


def hubs_at_work(environment: Environment | int, on: date, *, now: datetime) -> set[int]:
    """Hubs that have figures on a date: those with manifests, and near the present those with drivers too."""
    planned = (
        Manifest.objects.for_environment(environment).filter(service_date=on).exclude(state__in=UNCOUNTED)
    )
    found = set(planned.values_list("hub_id", flat=True).distinct())
    if is_near(on, now):
        drivers = Driver.objects.for_environment(environment).filter(retired_at=None)
        found |= set(drivers.values_list("hub_id", flat=True).distinct())
    return found


def forget_old(*, now: datetime) -> int:
    """Forget predictions of a season ago; the figures of days stay."""
    forgotten = 0
    with scope.scope(unscoped=WHY):
        environments = list(Environment.objects.unscoped(WHY).values_list("pk", flat=True))
    for environment_id in environments:
        with scope.scope(environment_id=environment_id):
            forgotten += predictions.forget_old(environment_id, now=now)
    return forgotten


def todays(hub: Hub, now: datetime) -> date:
    """The date it is at the hub."""
    return now.astimezone(ZoneInfo(hub.timezone)).date()


def is_near(on: date, now: datetime) -> bool:
    """Whether it is, or just was, that date somewhere."""
    first, last = _around(now)
    return first <= on <= last


def _around(now: datetime) -> tuple[date, date]:
    """The dates it may be somewhere on earth, and yesterday's, which may still go on."""
    return (now - timedelta(hours=36)).date(), (now + timedelta(hours=14)).date()


def _due(environment_id: int, *, now: datetime) -> list[Day]:
    """The days around now that are five minutes old, or were never computed."""
    first, last = _around(now)
    rows = HubDay.objects.for_environment(environment_id).filter(
        service_date__range=(first, last), computed_at__gt=now - EVERY
    )
    fresh = set(rows.values_list("hub_id", "service_date"))
    hubs = Hub.objects.for_environment(environment_id).in_bulk()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = [(hub, on) for on in days for hub in sorted(hubs_at_work(environment_id, on, now=now))]
    return [
        Day(hubs[hub], on)
        for hub, on in found
        if (hub, on) not in fresh and abs((on - todays(hubs[hub], now)).days) <= 1
    ]


def _refresh(days: Collection[Day], *, now: datetime, only_marked: bool = False) -> Refreshed:
    """Each in a transaction of its own, so that one that fails holds up no other."""
    done = failed = 0
    for day in days:
        try:
            with scope.scope(environment_id=day.hub.environment_id):
                if only_marked and not _taken(day):
                    continue
                refresh_day(day, now=now)
            done += 1
        except Exception:  # whatever it is: the other days must go on
            failed += 1
            facts = {"hub": day.hub.public_id, "day": day.service_date.isoformat()}
            logger.exception("the figures of a day could not be computed", extra=facts)
    return Refreshed(done, failed)


def _taken(day: Day) -> bool:
    """Whether the day is still marked and no other tick is at it; then its row is ours."""
    rows = HubDay.objects.for_environment(day.hub.environment_id).filter(DUE, service_date=day.service_date)
    return rows.filter(hub=day.hub).select_for_update(skip_locked=True).first() is not None
