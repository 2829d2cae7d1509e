"""What drivers did, taken in the order in which they did it, each once, however often and late it is told.

All of what is sent at once is one transaction: a crash leaves all of it to be sent again. The driver's row is held, so
two requests of one phone, the second sent because the first got no answer, do not do one thing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction

from dispatch.driving.bodies import Answer, Done
from dispatch.driving.deeds import DEEDS, Refused
from dispatch.driving.models import DriverAction, DriverSession
from dispatch.fleet.models import Driver
from dispatch.manifests.errors import ManifestRefusal
from dispatch.shipments.transitions import IllegalTransition

LONGEST_REFUSAL = 300
OLDEST = timedelta(days=14)  # a phone that says it was longer ago than this has a broken clock


@dataclass(frozen=True)
class Clock:
    """How far a phone's clock is off, learned when it sends."""

    ahead: timedelta

    @classmethod
    def of(cls, clock_ms: int, *, now: datetime) -> "Clock":
        """From what the phone's clock says now, in milliseconds since 1970."""
        return cls(timedelta(milliseconds=clock_ms) - (now - datetime(1970, 1, 1, tzinfo=UTC)))

    def corrected(self, at_ms: int, *, now: datetime) -> datetime:
        """That time of the phone by our clock: never after now, never longer ago than two weeks."""
        try:
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms) - self.ahead
        except OverflowError:
            return now
        return min(now, max(at, now - OLDEST))


def take(session: DriverSession, done: Sequence[Done], *, clock_ms: int, now: datetime) -> list[Answer]:
    """Do what the driver did; an answer for each, in the order in which they came."""
    clock = Clock.of(clock_ms, now=now)
    with transaction.atomic():
        drivers = Driver.objects.for_environment(session.environment_id).select_for_update(no_key=True)
        driver = drivers.get(pk=session.driver_id)
        known = _known(driver, done)
        answers = {}
        for each in sorted(done, key=lambda one: one.number):
            if (before := known.get(each.id)) is not None:
                outcome = "repeated" if before.outcome == "done" else before.outcome
                answers[each.id] = Answer(each.id, outcome, before.refusal)
                continue
            row = known[each.id] = _do(driver, each, clock.corrected(each.at_ms, now=now), now)
            answers[each.id] = Answer(each.id, row.outcome, row.refusal)
    return [answers[each.id] for each in done]


def _known(driver: Driver, done: Sequence[Done]) -> dict[object, DriverAction]:
    rows = DriverAction.objects.for_environment(driver.environment_id)
    return {row.action: row for row in rows.filter(driver=driver, action__in=[each.id for each in done])}


def _do(driver: Driver, done: Done, at: datetime, now: datetime) -> DriverAction:
    """One thing in a transaction of its own: what is refused leaves nothing behind but its refusal."""
    outcome, refusal, stop = "done", "", None
    deed = DEEDS.get(done.kind)
    try:
        if deed is None:
            raise Refused(f"Nobody here knows what {done.kind[:20]!r} is.")
        with transaction.atomic():
            stop = deed(driver, done, at, now)
    except (Refused, ManifestRefusal, IllegalTransition) as error:
        outcome, refusal = "refused", str(error)[:LONGEST_REFUSAL]
    return DriverAction.objects.create(
        environment_id=driver.environment_id,
        driver=driver,
        action=done.id,
        number=done.number,
        kind=done.kind[:20],
        stop=stop,
        data=msgspec.to_builtins(done),
        done_at=at,
        received_at=now,
        outcome=outcome,
        refusal=refusal,
    )
