"""Who works on a run: taken by one planner at a time, held by a lease, taken over when its planner is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from dispatch.planning.models import PlanRun
from tracker.tenants import scope

WHY = "the planner takes what is due of every customer"
LEASE = timedelta(seconds=30)  # renewed every two: who is silent that long is dead
MOST_TRIES = 2

# The oldest first. A hub that is being planned waits for that plan, and a run whose planner died goes before new ones.
CLAIM = """
    SELECT run.id FROM dispatch_planrun run
    WHERE (run.state = 'running' AND run.lease_until < %(now)s)
        OR (run.state = 'waiting' AND run.due_at <= %(now)s AND NOT EXISTS (
            SELECT 1 FROM dispatch_planrun other WHERE other.environment_id = run.environment_id
                AND other.hub_id = run.hub_id AND other.state = 'running'))
    ORDER BY run.state, run.due_at, run.id
    LIMIT 1 FOR NO KEY UPDATE OF run SKIP LOCKED"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run in one planner's hands. `tries` and `started_at` mark the holder: who comes after has others."""

    run_id: int
    environment_id: int
    tries: int
    started_at: datetime
    waiting: int  # runs that are due behind it

    def held(self) -> Any:
        """The run's row while it is still ours, as a query."""
        rows = PlanRun.objects.for_environment(self.environment_id)
        return rows.filter(
            pk=self.run_id, state=PlanRun.State.RUNNING, tries=self.tries, started_at=self.started_at
        )


def claim(*, now: datetime) -> Claim | None:
    """Take the next run that is due, or one whose planner died; None where there is none for us."""
    try:
        with transaction.atomic(), scope.scope(unscoped=WHY):
            with connection.cursor() as cursor:
                cursor.execute(CLAIM, {"now": now})
                found = cursor.fetchone()
            if found is None:
                return None
            rows = PlanRun.objects.unscoped(WHY)
            run = rows.get(pk=found[0])
            behind = rows.filter(state=PlanRun.State.WAITING, due_at__lte=now).exclude(pk=run.pk).count()
            run.state, run.tries, run.lease_until = PlanRun.State.RUNNING, run.tries + 1, now + LEASE
            run.started_at = now
            run.progress = []
            run.save(update_fields=["state", "tries", "lease_until", "started_at", "progress"])
            return Claim(run.pk, run.environment_id, run.tries, now, behind)
    except IntegrityError:
        return None  # another planner began on the same hub in the same moment


def renew(held: Claim, *, progress: list[list[float]], now: datetime) -> bool | None:
    """Say that we live and how far it is. Whether somebody wants it stopped; None where it is not ours any more."""
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        if not held.held().update(lease_until=now + LEASE, progress=progress):
            return None
        asked: datetime | None = held.held().values_list("stop_asked_at", flat=True).first()
        return asked is not None


def give_back(held: Claim, *, because: str) -> bool:
    """Let it be begun anew at once; whether it was still ours."""
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        run = held.held().select_for_update(no_key=True).first()
        if run is None:
            return False
        run.state, run.lease_until = PlanRun.State.WAITING, None
        run.facts = {**run.facts, "begun_again": [*run.facts.get("begun_again", []), because]}
        run.save(update_fields=["state", "lease_until", "facts"])
        return True
