"""What drivers did, taken in the order in which they did it, each once, however often and late it is told.

All of what is sent at once is one transaction: a crash leaves all of it to be sent again. The driver's row is held, so
two requests of one phone, the second sent because the first got no answer, do not do one thing twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from dispatch.driving.bodies import Answer, Done
from dispatch.driving.deeds import DEEDS, Refused, stop_of
from dispatch.driving.models import DriverAction, DriverSession
from dispatch.driving.reading import Unreadable, storable
from dispatch.fleet.models import Driver
from dispatch.manifests.errors import ManifestRefusal
from dispatch.shipments.checks import BadCommand
from dispatch.shipments.transitions import IllegalTransition

logger = logging.getLogger(__name__)
LONGEST_REFUSAL = 300
UNFORESEEN = "It could not be taken because of a fault of ours, which is in our log. Tell your supervisor what you did."
OLDEST = timedelta(days=14)  # a phone that says it was longer ago than this has a broken clock


@dataclass(frozen=True)
class Clock:
    """How far a phone's clock is off, learned when it sends."""

    ahead: timedelta

    @classmethod
    def of(cls, clock_ms: int, *, now: datetime) -> "Clock":
        """From what the phone's clock says now, in milliseconds since 1970."""
        try:
            return cls(timedelta(milliseconds=clock_ms) - (now - datetime(1970, 1, 1, tzinfo=UTC)))
        except OverflowError:  # no clock says that
            return cls(timedelta(0))

    def corrected(self, at_ms: int, *, now: datetime) -> datetime:
        """That time of the phone by our clock: never after now, never longer ago than two weeks."""
        try:
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms) - self.ahead
        except OverflowError:
            return now
        return min(now, max(at, now - OLDEST))


def take(
    session: DriverSession, done: Sequence[Done | Unreadable], *, clock_ms: int, now: datetime
) -> list[Answer]:
    """Do what the driver did; an answer for each, in the order in which they came."""
    clock = Clock.of(clock_ms, now=now)
    with transaction.atomic():
        drivers = Driver.objects.for_environment(session.environment_id).select_for_update(no_key=True)
        driver = drivers.get(pk=session.driver_id)
        known = _known(driver, done)
        outcomes: dict[UUID, tuple[str, str]] = {}
        for each in sorted(done, key=lambda one: one.number):
            if (before := known.get(each.id)) is not None:
                outcome = "repeated" if before.outcome == "done" else before.outcome
                outcomes[each.id] = outcome, before.refusal
                continue
            row = known[each.id] = _keep(driver, each, clock, now)
            outcomes[each.id] = row.outcome, row.refusal
    return [Answer(_told(each), *outcomes[each.id]) for each in done]


def _told(done: Done | Unreadable) -> str:
    return done.told if isinstance(done, Unreadable) else str(done.id)


def _known(driver: Driver, done: Sequence[Done | Unreadable]) -> dict[UUID, DriverAction]:
    rows = DriverAction.objects.for_environment(driver.environment_id)
    return {row.action: row for row in rows.filter(driver=driver, action__in=[each.id for each in done])}


def _keep(driver: Driver, done: Done | Unreadable, clock: Clock, now: datetime) -> DriverAction:
    """Do it, and keep what came of it."""
    at = clock.corrected(done.at_ms, now=now) if done.at_ms is not None else now
    stop = stop_of(driver, done.stop)
    if isinstance(done, Unreadable):
        # without a stop of theirs nobody could find it again where its recipient asks to be forgotten
        outcome, refusal, data = "refused", done.why, done.data if stop else {}
        logger.warning("an action of a driver cannot be read", extra=_facts(driver, done))
    else:
        outcome, refusal = _do(driver, done, at, now)
        data = msgspec.to_builtins(done)
    return DriverAction.objects.create(
        environment_id=driver.environment_id,
        driver=driver,
        action=done.id,
        number=done.number,
        kind=storable(done.kind)[:20],
        stop=stop,
        data=storable(data),
        done_at=at,
        received_at=now,
        outcome=outcome,
        refusal=storable(refusal)[:LONGEST_REFUSAL],
    )


def _do(driver: Driver, done: Done, at: datetime, now: datetime) -> tuple[str, str]:
    """One thing in a transaction of its own: what is refused leaves nothing behind but its refusal.

    What nobody foresaw is refused too, for the same again would fail again and hold up all that was done after it. Only
    where something cannot be reached (the database, the archive) the error goes on: the phone sends all of it again.
    """
    deed = DEEDS.get(done.kind)
    try:
        if deed is None:
            raise Refused(f"Nobody here knows what {done.kind[:20]!r} is.")
        with transaction.atomic():
            deed(driver, done, at, now)
    except (Refused, ManifestRefusal, IllegalTransition, BadCommand) as error:
        return "refused", str(error)
    except (OperationalError, InterfaceError, OSError):
        raise
    except Exception:
        logger.exception("an action of a driver failed and was refused", extra=_facts(driver, done))
        return "refused", UNFORESEEN
    return "done", ""


def _facts(driver: Driver, done: Done | Unreadable) -> dict[str, str]:
    return {"driver": driver.public_id, "action": str(done.id), "kind": done.kind[:20]}
