"""One run from its claim to its end. Whatever goes wrong, the last good plan stays in force and the run says so."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from dispatch.fleet.models import Hub
from dispatch.planning import claims, sketch
from dispatch.planning.assembling import Assembled, assemble
from dispatch.planning.claims import MOST_TRIES, Claim
from dispatch.planning.errors import PlanningRefusal, SolverGone
from dispatch.planning.frames import Better, Done, Job
from dispatch.planning.models import PlanRun
from dispatch.planning.permission import refuse_where_stopped
from dispatch.planning.prices import units
from dispatch.planning.results import Moved, keep
from dispatch.planning.solver import Solver, Solving
from dispatch.planning.telling import tell_failed
from dispatch.planning.ways import Tables, sent, travel_for
from tracker.tenants import scope

Clock = Callable[[], datetime]
HEAR_S = 0.5
RENEW_S = 2.0
EXPLAIN_S = 4.0
QUEUE_S = 600.0  # all that is due at once is planned within so long, each with less time if need be
LEAST_S = 2.0
MOST_AGAIN = 5  # the board moved under a run so often: a person should look
HURRY = (
    4.0  # each time it is made anew with so much less time: it must fit between two changes of a busy board
)
MOST_POINTS = 120
logger = logging.getLogger(__name__)


class Interrupted(Exception):
    """This planner is told to end: the run is begun anew by whoever comes next."""


class NotOurs(Exception):
    """The run was taken over or ended by somebody else: what we have of it is worth nothing."""


def carry(
    held: Claim,
    *,
    clock: Clock,
    solver: Callable[[Job], Solving] = Solver,
    going: Callable[[], bool] = lambda: True,
) -> str:
    """Plan it. Returns the state it ended in ("waiting" where it is to be begun anew, "" where it is not ours).

    Where `going` says False the search is given up and the run handed back, to whom it does not count as a try.
    """
    try:
        return _carry(held, clock=clock, solver=solver, going=going)
    except Interrupted:
        return _again(held, "The planner was told to end.")
    except NotOurs:
        logger.warning("a run was taken over", extra={"run": held.run_id})
        return ""
    except SolverGone as gone:
        if held.tries < MOST_TRIES and claims.give_back(held, because=str(gone)):
            return str(PlanRun.State.WAITING)
        return fail(held, f"{gone} It was tried {held.tries} times.", now=clock())
    except PlanningRefusal as refusal:
        return fail(held, str(refusal), now=clock())
    except (OperationalError, InterfaceError):
        raise  # the database's trouble is not the run's: its lease runs out, and it is begun anew
    except Exception as error:  # a mistake of ours must not leave a run hanging
        logger.exception("a run failed")
        return fail(held, f"Something went wrong in the planner ({type(error).__name__}).", now=clock())


def fail(held: Claim, why: str, *, now: datetime) -> str:
    """End it without a plan, and say so."""
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        run = held.held().select_for_update(of=("self",), no_key=True).select_related("hub").first()
        if run is None:
            return ""
        run.state, run.failure = PlanRun.State.FAILED, why[:500]
        run.finished_at, run.lease_until = now, None
        run.save(update_fields=["state", "failure", "finished_at", "lease_until"])
        tell_failed(run, now=now)
    logger.error("a run failed", extra={"run": run.public_id, "hub": run.hub.public_id, "reason": why[:200]})
    return str(PlanRun.State.FAILED)


def _carry(held: Claim, *, clock: Clock, solver: Callable[[Job], Solving], going: Callable[[], bool]) -> str:
    if held.tries > MOST_TRIES:
        return fail(held, f"The planner was ended {held.tries - 1} times while it solved this.", now=clock())
    run, assembled = _read(held, now=clock())
    again = len(run.facts.get("begun_again", []))
    hurry = HURRY**again
    job = Job(assembled.brief, _seconds(run.seconds, held.waiting) / hurry, EXPLAIN_S / hurry)
    done, stopped = _solve(held, assembled, job, clock=clock, solver=solver, going=going)
    try:
        ended = keep(held, assembled, done, stopped=stopped, now=clock())
    except Moved as moved:
        if again >= MOST_AGAIN:
            raise PlanningRefusal(f"{moved} This happened {again + 1} times in a row.") from None
        return _again(held, str(moved))
    if ended is None:
        raise NotOurs
    return ended


def _read(held: Claim, *, now: datetime) -> tuple[PlanRun, Assembled]:
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        run = held.held().first()
        if run is None:
            raise NotOurs
        hub = Hub.objects.for_environment(held.environment_id).get(pk=run.hub_id)
        refuse_where_stopped(held.environment_id)
        return run, assemble(held.environment_id, hub, service_date=run.service_date, now=now, seed=run.seed)


def _solve(
    held: Claim,
    assembled: Assembled,
    job: Job,
    *,
    clock: Clock,
    solver: Callable[[Job], Solving],
    going: Callable[[], bool],
) -> tuple[Done, bool]:
    """The plan, and whether a person ended the search."""
    progress: list[list[float]] = []
    best = float(
        "inf"
    )  # two threads tell of their plans: what is no better by the time it comes is not shown
    job = msgspec.structs.replace(job, tables=_asked_of_router(held, assembled, clock=clock))
    stopped, renewed = False, clock()
    with solver(job) as process:
        for frame in process.hear(every_s=HEAR_S):
            if isinstance(frame, Done):
                if claims.renew(held, progress=progress, now=clock()) is None:
                    raise NotOurs
                return frame, stopped
            if isinstance(frame, Better) and sum(frame.terms.values()) < best:
                best = sum(frame.terms.values())
                progress = _thinned([*progress, point(frame)])
                sketch.draw(held.run_id, assembled, frame)
            if not going():
                raise Interrupted
            now = clock()
            if frame is None or (now - renewed).total_seconds() >= RENEW_S:
                wanted, renewed = claims.renew(held, progress=progress, now=now), now
                if wanted is None:
                    raise NotOurs
                if wanted and not stopped:
                    stopped = True
                    process.stop()
    raise SolverGone("The solver ended without a plan.")


def _asked_of_router(held: Claim, assembled: Assembled, *, clock: Clock) -> Tables | None:
    """The tables of the operator's router, asked here because this process remembers them; None without one."""
    brief = assembled.brief
    if brief.ways.provider == "straight":
        return None
    pool = ThreadPoolExecutor(1, "router")
    try:
        asked = pool.submit(travel_for, brief.places, brief.profiles(), brief.ways)
        while not wait([asked], timeout=RENEW_S).done:
            if claims.renew(held, progress=[], now=clock()) is None:
                raise NotOurs
        travel, assembled.fell_back = asked.result()
        return sent(travel)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def point(better: Better) -> list[float]:
    """Seconds, cost in units without what is left out, and how many are left out."""
    cost = sum(price for name, price in better.terms.items() if name != "unserved")
    return [better.elapsed_s, units(cost), float(better.unserved)]


def _thinned(progress: list[list[float]]) -> list[list[float]]:
    """The newest half whole, of the older half every other."""
    if len(progress) <= MOST_POINTS:
        return progress
    half = len(progress) // 2
    return progress[:half:2] + progress[half:]


def _seconds(wanted: float, waiting: int) -> float:
    return max(min(wanted, LEAST_S), min(float(wanted), QUEUE_S / (waiting + 1)))


def _again(held: Claim, because: str) -> str:
    """Hand it back to be begun anew; it is no fault of the run's, and the try does not count."""
    if not claims.give_back(held, because=because):
        return ""
    with transaction.atomic(), scope.scope(environment_id=held.environment_id):
        rows = PlanRun.objects.for_environment(held.environment_id)
        rows.filter(pk=held.run_id, state=PlanRun.State.WAITING, tries=held.tries).update(tries=0)
    return str(PlanRun.State.WAITING)
