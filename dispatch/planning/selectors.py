"""Reads of windows and runs."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from dispatch.fleet.sight import SightOfHubs
from dispatch.manifests.models import Manifest
from dispatch.planning.models import DispatchWindow, PlanRun
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

WHY = "the planner's health is of every customer"
LIVE = (PlanRun.State.WAITING, PlanRun.State.RUNNING)
HEAVY = ("problem", "solution")


def runs_of(
    environment: Environment | int, *, hub_id: int | None = None, state: str = "", sight: SightOfHubs = None
) -> QuerySet[PlanRun]:
    """Runs with their hub, without what was solved."""
    rows = (
        PlanRun.objects.for_environment(environment).defer(*HEAVY).select_related("hub", "window", "asked_by")
    )
    if hub_id is not None:
        rows = rows.filter(hub=hub_id)
    if state:
        rows = rows.filter(state=state)
    return rows if sight is None else rows.filter(hub__in=sight)


def run_of(environment: Environment | int, public_id: str, *, sight: SightOfHubs = None) -> PlanRun | None:
    """The run with that id; None where there is none in sight."""
    try:
        uid = parse_id("run", public_id)
    except BadIdentifier:
        return None
    return runs_of(environment, sight=sight).filter(uid=uid).first()


def windows_of(
    environment: Environment | int, *, hub_id: int | None = None, sight: SightOfHubs = None
) -> QuerySet[DispatchWindow]:
    """Windows with their hub, hub by hub through the day."""
    rows = DispatchWindow.objects.for_environment(environment).filter(hub__retired_at=None)
    if hub_id is not None:
        rows = rows.filter(hub=hub_id)
    if sight is not None:
        rows = rows.filter(hub__in=sight)
    return rows.select_related("hub").order_by("hub__name", "hub_id", "at")


def window_of(
    environment: Environment | int, public_id: str, *, sight: SightOfHubs = None
) -> DispatchWindow | None:
    """The window with that id."""
    try:
        uid = parse_id("win", public_id)
    except BadIdentifier:
        return None
    return windows_of(environment, sight=sight).filter(uid=uid).first()


def in_force_note(run: PlanRun) -> str:
    """What is in force after a run that failed: the last plan, in a sentence."""
    manifests = Manifest.objects.for_environment(run.environment_id).filter(
        driver__hub=run.hub_id, service_date=run.service_date
    )
    count = manifests.exclude(state__in=(Manifest.State.DONE, Manifest.State.CANCELLED)).count()
    if not count:
        return "There was no plan for this day yet."
    return f"The last good plan stays in force: {count} manifest{'s' if count > 1 else ''} of this day."


def waits(*, now: datetime) -> dict[str, Any]:
    """How long the oldest window and run have waited, in seconds: what the planner is behind with."""
    with scope.scope(unscoped=WHY):
        windows = DispatchWindow.objects.unscoped(WHY).filter(enabled=True, next_due_at__lte=now)
        due = windows.order_by("next_due_at").values_list("next_due_at", flat=True).first()
        dead = Q(state=PlanRun.State.RUNNING, lease_until__lt=now)
        runs = PlanRun.objects.unscoped(WHY).filter(dead | Q(state=PlanRun.State.WAITING, due_at__lte=now))
        run = runs.order_by("due_at").values_list("due_at", flat=True).first()
    nought = timedelta()
    return {
        name: round(max(now - since, nought).total_seconds(), 1) if since else 0.0
        for name, since in (("windows_wait_s", due), ("runs_wait_s", run))
    }
