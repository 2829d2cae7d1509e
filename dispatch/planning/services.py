"""Writes on windows and runs by people and programs: set hours, ask for a plan, end a search."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import IntegrityError, transaction

from dispatch.fleet.models import Hub
from dispatch.planning.errors import NothingToStop, WindowTaken
from dispatch.planning.models import DispatchSettings, DispatchWindow, PlanRun
from dispatch.planning.windows import DEFAULTS, local_day, next_due
from tracker.tenants.models import User

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
SECONDS = (1, 600)
DEFAULT_SECONDS = 20
SETTLES = timedelta(seconds=20)  # changes of a day come in swarms: one plan for all of a swarm


def settings_of(environment_id: int) -> DispatchSettings:
    """How the environment's dispatch works; the row is made when it is first asked for."""
    rows = DispatchSettings.objects.for_environment(environment_id)
    found = rows.first()
    if found is None:
        rows.bulk_create([DispatchSettings(environment_id=environment_id)], ignore_conflicts=True)
        found = rows.get()
    return found


@dataclass(frozen=True)
class WindowWish:
    """A window as somebody wants it."""

    at: time
    weekdays: Collection[int] = EVERY_DAY
    seconds: int = DEFAULT_SECONDS
    releases: bool = False
    enabled: bool = True


def give_default_windows(hub: Hub, *, now: datetime) -> list[DispatchWindow]:
    """06:00, 09:00 and 12:00 local time for a new zone. Where it has windows already nothing is done."""
    rows = DispatchWindow.objects.for_environment(hub.environment_id).filter(hub=hub)
    if rows.exists():
        return []
    return [add_window(hub, WindowWish(at), now=now) for at in DEFAULTS]


def add_window(hub: Hub, wish: WindowWish, *, now: datetime) -> DispatchWindow:
    """One more window of the hub, due from now on. Raises WindowTaken where it has one at that time."""
    window = DispatchWindow(environment_id=hub.environment_id, hub=hub, since=now)
    return _write(window, wish, now=now)


def change_window(window: DispatchWindow, wish: WindowWish, *, now: datetime) -> DispatchWindow:
    """Make it another. What it would have been due for before now is forgotten. Raises WindowTaken."""
    window.since = now
    return _write(window, wish, now=now)


def remove_window(window: DispatchWindow) -> None:
    """Take it away; its runs stay."""
    window.delete()


def ask_run(
    hub: Hub,
    *,
    cause: PlanRun.Cause,
    by: User | None = None,
    seconds: int = DEFAULT_SECONDS,
    releases: bool = False,
    now: datetime,
) -> PlanRun:
    """Let the hub be planned: soon when a person asks, once the swarm has settled when the day changed.

    A run that waits already is the one that is returned, brought forward where a person asks; it will see all that
    is there when it begins.
    """
    due_at = now if cause != PlanRun.Cause.CHANGE else now + SETTLES
    with transaction.atomic():
        Hub.objects.for_environment(hub.environment_id).select_for_update(no_key=True).get(pk=hub.pk)
        runs = PlanRun.objects.for_environment(hub.environment_id)
        waiting = runs.filter(hub=hub, state=PlanRun.State.WAITING).order_by("due_at", "pk").first()
        if waiting is None:
            return PlanRun.objects.create(
                environment_id=hub.environment_id, hub=hub, cause=cause, due_at=due_at, seconds=seconds,
                service_date=local_day(now, hub.timezone), releases=releases, asked_by=by,
            )  # fmt: skip
        if cause == PlanRun.Cause.PERSON:
            waiting.due_at = min(waiting.due_at, due_at)
            waiting.seconds = max(waiting.seconds, seconds)
            waiting.asked_by = by
        waiting.releases = waiting.releases or releases
        waiting.save(update_fields=["due_at", "seconds", "asked_by", "releases"])
        return waiting


def stop_run(run: PlanRun, *, now: datetime) -> PlanRun:
    """End the search; the best plan found is kept. One that waits is not begun at all. Raises NothingToStop."""
    runs = PlanRun.objects.for_environment(run.environment_id).filter(pk=run.pk)
    waiting = runs.filter(state=PlanRun.State.WAITING)
    said = "It was stopped before it began; the last plan stays in force."
    if not waiting.update(
        state=PlanRun.State.STOPPED, stop_asked_at=now, finished_at=now, failure=said
    ) and not runs.filter(state=PlanRun.State.RUNNING).update(stop_asked_at=now):
        raise NothingToStop(run.public_id, PlanRun.State(run.state).label.lower())
    run.refresh_from_db()
    return run


def _write(window: DispatchWindow, wish: WindowWish, *, now: datetime) -> DispatchWindow:
    window.at, window.weekdays, window.seconds = wish.at, sorted(set(wish.weekdays)), wish.seconds
    window.releases, window.enabled = wish.releases, wish.enabled
    window.next_due_at = next_due(window.at, window.weekdays, window.hub.timezone, now)
    try:
        with transaction.atomic():
            window.save()
    except IntegrityError:
        raise WindowTaken(window.hub.name, wish.at) from None
    return window
