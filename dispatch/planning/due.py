"""From windows that are due to runs that wait: once each, whoever else looks at the same time."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from django.db import transaction

from dispatch.planning.models import DispatchWindow, PlanRun
from dispatch.planning.windows import last_due, local_day, next_due
from tracker.tenants import scope

WHY = "the planner takes what is due of every customer"
BATCH = 200
KEPT = timedelta(weeks=4)
logger = logging.getLogger(__name__)


class Made(NamedTuple):
    """What one look came to."""

    windows: int
    runs: int


def make_runs(*, now: datetime) -> Made:
    """Make a run of every window whose time has come.

    A window that was missed, once or for days, has one run. Of several windows of one hub that were missed, the last
    one runs: its plan takes the place of the others'. Two that look at once share the rows (each is locked by one),
    and the database refuses a second run of one window and time.
    """
    with transaction.atomic(), scope.scope(unscoped=WHY):
        rows = DispatchWindow.objects.unscoped(WHY).filter(enabled=True, next_due_at__lte=now)
        # all of a hub's due windows belong to one look: the hub is what is locked
        hubs = list(rows.order_by("hub_id").values_list("hub_id", flat=True).distinct()[:BATCH])
        due = list(
            rows.filter(hub__in=hubs)
            .select_related("hub")
            .order_by("hub_id", "at", "pk")
            .select_for_update(of=("self", "hub"), skip_locked=True, no_key=True)
        )
        latest: dict[int, tuple[datetime, DispatchWindow]] = {}
        for window in due:
            moment = _occurrence(window, now)
            window.next_due_at = _next(window, now)
            if moment is not None and moment >= latest.get(window.hub_id, (moment, window))[0]:
                latest[window.hub_id] = (moment, window)
        for window in due:
            window.save(update_fields=["next_due_at"])
        runs = sum(_run(window, moment, now) for moment, window in latest.values())
    return Made(len(due), runs)


def reckon_anew(*, now: datetime) -> int:
    """Correct the next times of windows whose hub's time zone, or whose time zone's rules, changed; how many.

    Only times to come: what is due already stays due.
    """
    changed = 0
    with transaction.atomic(), scope.scope(unscoped=WHY):
        rows = DispatchWindow.objects.unscoped(WHY).filter(enabled=True).exclude(next_due_at__lte=now)
        for window in rows.select_related("hub").select_for_update(of=("self",), skip_locked=True):
            moment = _next(window, now)
            if moment != window.next_due_at:
                window.next_due_at = moment
                window.save(update_fields=["next_due_at"])
                changed += 1
    return changed


def forget_problems(*, now: datetime) -> int:
    """Forget what was solved four weeks ago and more; how many runs. What came of it stays."""
    with transaction.atomic(), scope.scope(unscoped=WHY):
        old = PlanRun.objects.unscoped(WHY).filter(finished_at__lt=now - KEPT, problem__isnull=False)
        keys = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH])
        return PlanRun.objects.unscoped(WHY).filter(pk__in=keys).update(problem=None, solution=None)


def _occurrence(window: DispatchWindow, now: datetime) -> datetime | None:
    """The time it runs for: the last one that has come, none from before the window was there."""
    if window.hub.retired_at is not None:
        return None
    try:
        moment = last_due(window.at, window.weekdays, window.hub.timezone, now)
    except ZoneInfoNotFoundError:
        return None
    # a zone that was moved may have had no such time since; what it was due for stands then
    moment = moment or window.next_due_at
    return moment if moment is not None and moment > window.since else None


def _next(window: DispatchWindow, now: datetime) -> datetime | None:
    if window.hub.retired_at is not None:
        return None
    try:
        return next_due(window.at, window.weekdays, window.hub.timezone, now)
    except ZoneInfoNotFoundError:
        logger.error("a hub's time zone does not exist", extra={"hub": window.hub.public_id})
        return None


def _run(window: DispatchWindow, due_at: datetime, now: datetime) -> int:
    run = PlanRun(
        environment_id=window.environment_id, hub=window.hub, window=window, cause=PlanRun.Cause.WINDOW,
        service_date=local_day(now, window.hub.timezone), due_at=due_at, seconds=window.seconds,
        releases=window.releases,
    )  # fmt: skip
    rows = PlanRun.objects.unscoped(WHY)
    rows.bulk_create([run], ignore_conflicts=True)
    logger.info(
        "a window is due",
        extra={
            "window": window.public_id,
            "hub": window.hub.public_id,
            "late_s": int((now - due_at).total_seconds()),
        },
    )
    return 1
