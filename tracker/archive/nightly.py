"""The nightly run over all environments, and what it says about itself: to the log, to /healthz, to the console."""

import logging
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError

from tracker.archive.reading import Damaged
from tracker.archive.selectors import Due, due_days, last_complete_day
from tracker.archive.services import Became, Shrunk, archive_day, clear_replaced
from tracker.archive.shelf import NotThere, open_shelf
from tracker.archive.snapshot import Busy
from tracker.archive.trouble import all_troubles, forget_trouble, note_state, note_trouble
from tracker.archive.writing import CountDiffers
from tracker.positions.models import ArchivedDay
from tracker.tenants.models import Environment

logger = logging.getLogger(__name__)
BEHIND_AFTER = timedelta(days=2)  # a day may wait for one night that failed; two are an alert


class Run(NamedTuple):
    """What a run did."""

    archived: int
    unchanged: int
    failed: int
    waiting_since: date | None  # the oldest day that still waits


def archive_due(*, now: datetime, exact: bool = True) -> Run:
    """Archive every day that asks for it. One that fails is said and left to the next run; the others go on."""
    counts = {"archived": 0, "unchanged": 0, "failed": 0}
    waiting: list[date] = []
    _finish_replacing()
    # what failed is tried again until it is well, whichever way it gets there
    failed = {Due(environment, trouble.day) for environment, trouble in all_troubles().items()}
    for due in sorted({*due_days(now=now, exact=exact), *failed}, key=lambda due: due[::-1]):
        became = _try(due, now=now)
        counts["failed" if became is None else "unchanged" if became is Became.UNCHANGED else "archived"] += 1
        if became is None:
            waiting.append(due.day)
    run = Run(counts["archived"], counts["unchanged"], counts["failed"], min(waiting, default=None))
    is_behind = (
        run.waiting_since is not None and run.waiting_since < last_complete_day(now=now) - BEHIND_AFTER
    )
    note_state(now=now, failed=run.failed, waiting_since=run.waiting_since, is_behind=is_behind)
    (logger.error if is_behind else logger.info)("the archive was brought up to date", extra=_told(run))
    return run


def _try(due: Due, *, now: datetime) -> Became | None:
    environments = Environment.objects.unscoped("every customer's days are archived")
    environment = environments.filter(pk=due.environment_id).first()
    if environment is None:
        forget_trouble(due.environment_id, due.day)
        return Became.UNCHANGED
    facts = {"environment": environment.public_id, "day": due.day.isoformat()}
    try:
        became = archive_day(environment, due.day, now=now)
    except Busy:
        return Became.UNCHANGED
    except (OSError, DatabaseError, CountDiffers, Shrunk, Damaged, NotThere) as error:
        logger.exception("a day could not be archived", extra=facts)
        note_trouble(due.environment_id, due.day, error, now=now)
        return None
    forget_trouble(due.environment_id, due.day)
    if became is not Became.UNCHANGED:
        logger.info("a day was archived", extra=facts | {"became": became.value})
    return became


def _finish_replacing() -> None:
    """Objects whose removal a run did not live to see."""
    if not settings.ARCHIVE:
        return
    left = ArchivedDay.objects.unscoped("replaced objects of all customers").exclude(replaced="")
    for row in left.select_related("environment__tenant"):
        try:
            clear_replaced(row.environment, row.day, open_shelf())
        except OSError as error:
            logger.warning("a replaced object could not be removed", extra={"reason": str(error)})


def _told(run: Run) -> dict[str, Any]:
    return run._asdict() | {"waiting_since": run.waiting_since and run.waiting_since.isoformat()}
