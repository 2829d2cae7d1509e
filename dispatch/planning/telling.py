"""What is told of a run to whoever listens: that a plan was made, or that none could be."""

from datetime import datetime

import msgspec

from dispatch.planning.models import PlanRun
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.webhooks.plan_payloads import AboutHub, AboutRun, PlanFailed, PlanFinished


def tell_finished(run: PlanRun, *, manifests: int, stops: int, unserved: int, now: datetime) -> None:
    """A plan was made. In the transaction that keeps it."""
    told = PlanFinished(
        run=_about(run),
        stopped=run.state == PlanRun.State.STOPPED,
        manifests=manifests,
        stops=stops,
        unserved=unserved,
        released=run.releases,
    )
    record(run.environment_id, Kind.PLAN_FINISHED, msgspec.to_builtins(told), occurred_at=now)


def tell_failed(run: PlanRun, *, now: datetime) -> None:
    """No plan could be made."""
    told = PlanFailed(run=_about(run), reason=run.failure)
    record(run.environment_id, Kind.PLAN_FAILED, msgspec.to_builtins(told), occurred_at=now)


def _about(run: PlanRun) -> AboutRun:
    return AboutRun(
        id=run.public_id,
        hub=AboutHub(run.hub.public_id, run.hub.name),
        cause=run.cause,
        service_date=run.service_date.isoformat(),
        due_at=moment_text(run.due_at),
    )
