"""Takes the steps that are due, each in one transaction with everything it brings about and the saga's move on.

A crash anywhere leaves the saga before the step or behind it, never between. Of two tickers one has the saga's row and
the other passes over it. The clock is whatever time the caller says it is.
"""

import logging
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from dispatch.sagas import decisions as d
from dispatch.sagas.catalogue import SAGAS
from dispatch.sagas.effects import Effects
from dispatch.sagas.facts import facts_of
from dispatch.sagas.models import Saga, SagaStep
from tracker.tenants import scope

WHY = "one tick takes the steps of every customer's sagas"
AT_ONCE = 200
MOST = 2_000  # steps a tick: the next one goes on
# after each try of a step that failed; after the last of them a person must look
WAITS = tuple(timedelta(seconds=s) for s in (2, 15, 60, 300, 1800))
JITTER = 0.2
ENDING = "end"  # the name under which it is noted that a saga was settled without its last step
logger = logging.getLogger(__name__)


@dataclass
class Ticked:
    """What a tick came to."""

    looked: int = 0  # sagas, each time one was looked at
    taken: int = 0  # steps
    failed: int = 0  # tries


def tick(*, now: datetime, most: int = MOST) -> Ticked:
    """Take every step that is due, also those that become due by it. Raises DatabaseError when the database is away."""
    done = Ticked()
    while done.looked < most:
        before = done.looked
        for number in _due(now):
            if _look(number, now, done):
                done.looked += 1
        if done.looked == before:
            break
    return done


def _due(now: datetime) -> Iterator[int]:
    with scope.scope(unscoped=WHY):
        rows = Saga.objects.unscoped(WHY).filter(state=Saga.State.OPEN, due_at__lte=now)
        found = list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    yield from found


def _look(number: int, now: datetime, done: Ticked) -> bool:
    """Look at one saga, unless somebody else does so or did; whether it was ours to look at."""
    with scope.scope(unscoped=WHY):
        rows = Saga.objects.unscoped(WHY).filter(pk=number, state=Saga.State.OPEN, due_at__lte=now)
        rows = rows.select_related("environment__tenant", "hub")
        saga = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
        if saga is None:
            return False
        with scope.scope(tenant_id=saga.environment.tenant_id, environment_id=saga.environment_id):
            try:
                with transaction.atomic():
                    done.taken += _Look(saga, now).run()
            except (OperationalError, InterfaceError):  # the database's trouble is not the saga's
                raise
            except Exception as error:  # whatever it is: the other sagas must go on
                done.failed += 1
                _failed(number, saga.environment_id, error, now)
    return True


class _Look:
    """One saga under its lock, at one moment."""

    def __init__(self, saga: Saga, now: datetime) -> None:
        self.saga, self.now = saga, now
        self.effects = Effects(saga, now=now)
        self.steps = SagaStep.objects.for_environment(saga.environment_id).filter(saga=saga)

    def run(self) -> int:
        """Decide, bring it about, write it down; how many steps were taken or taken back."""
        definition = SAGAS[self.saga.kind]
        facts = facts_of(self.saga)
        if facts is None:
            self.effects.end_all_alerts()
            return self._end("What it was about is not there any more.", Saga.State.COMPENSATED)
        standing = _standing(self.saga, self._count())
        settled = definition.settled(standing, facts, self.now)
        if settled is not None:
            return self._settle(definition, standing, facts, settled)
        earliest = self.saga.data.get("earliest")
        if earliest and self.now < datetime.fromisoformat(earliest):  # woken for nothing that concerns it
            return self._write(d.Wait(datetime.fromisoformat(earliest)))
        decision = definition.step(self.saga.step).take(standing, facts, self.now)
        return self._write(decision)

    def settle(self, settled: d.Settle) -> int:
        """End it whatever the facts say."""
        facts = facts_of(self.saga)
        if facts is None:
            self.effects.end_all_alerts()
            return self._end(settled.outcome, Saga.State(settled.state))
        standing = _standing(self.saga, self._count())
        return self._settle(SAGAS[self.saga.kind], standing, facts, settled)

    def _write(self, decision: d.Decision) -> int:
        saga = self.saga
        match decision:
            case d.Wait(look_at, until):
                if until is not None:
                    saga.data["until"] = until.isoformat()
                saga.due_at, saga.tries, saga.problem = max(look_at, self.now + timedelta(seconds=1)), 0, ""
                saga.save(update_fields=["due_at", "tries", "problem", "data"])
                return 0
            case d.NeedsPerson(problem):
                _stick(saga, problem)
                return 0
            case d.Take(outcome, then, due_at, effects, until, data):
                self._bring_about(effects)
                self._note(saga.step, outcome, data)
                saga.data |= {**data, **self.effects.noted}
                saga.data["until"] = until.isoformat() if until else None
                saga.data["earliest"] = None if until else due_at.isoformat()
                saga.step, saga.due_at, saga.tries, saga.problem = then, due_at, 0, ""
                saga.save(update_fields=["step", "due_at", "tries", "problem", "data"])
                return 1
            case d.Finish(outcome, effects, data):
                self._bring_about(effects)
                self._note(saga.step, outcome, data)
                saga.data |= {**data, **self.effects.noted}
                self._close(Saga.State.DONE)
                return 1
            case d.Settle(outcome, state):
                return self._end(outcome, Saga.State(state))

    def _settle(
        self, definition: d.Definition[Any], standing: d.Standing, facts: Any, settled: d.Settle
    ) -> int:
        """Take back what still stands, the last first; what a step did twice is taken back twice."""
        taken = 0
        for step in list(self.steps.filter(compensates=False).order_by("-number")):
            undoing = definition.step(step.name).undo(standing, facts, step.data)
            if undoing is not None:
                self._bring_about(undoing.effects)
                self.saga.data |= self.effects.noted
                self._note(step.name, undoing.outcome, {}, compensates=True)
                taken += 1
        return taken + self._end(settled.outcome, Saga.State(settled.state))

    def _end(self, outcome: str, state: Saga.State) -> int:
        self._note(ENDING, outcome, {})
        self.saga.data |= self.effects.noted
        self._close(state)
        return 1

    def _close(self, state: Saga.State) -> None:
        saga = self.saga
        saga.state, saga.due_at, saga.ended_at, saga.tries, saga.problem = state, None, self.now, 0, ""
        saga.save(update_fields=["state", "due_at", "ended_at", "tries", "problem", "data"])

    def _bring_about(self, effects: tuple[d.Effect, ...]) -> None:
        for effect in effects:
            self.effects.bring_about(effect)

    def _count(self) -> int:
        return self.steps.count()

    def _note(self, name: str, outcome: str, data: Mapping[str, Any], *, compensates: bool = False) -> None:
        SagaStep.objects.create(
            environment_id=self.saga.environment_id,
            saga=self.saga,
            number=self._count() + 1,
            name=name,
            compensates=compensates,
            outcome=outcome[:300],
            data=dict(data),
            taken_at=self.now,
        )


def settle_by_hand(saga: Saga, settled: d.Settle, *, now: datetime) -> None:
    """End a saga whose row the caller holds, in the scope of its tenant and environment."""
    _Look(saga, now).settle(settled)


def _standing(saga: Saga, count: int) -> d.Standing:
    until = saga.data.get("until")
    return d.Standing(
        id=saga.public_id,
        subject=saga.subject,
        step=saga.step,
        data=saga.data,
        begun_at=saga.begun_at,
        until=datetime.fromisoformat(until) if until else None,
        count=count,
    )


def _failed(number: int, environment_id: int, error: Exception, now: datetime) -> None:
    """What the step had done is undone; it is tried again, later each time, and in the end a person must look."""
    saga = Saga.objects.for_environment(environment_id).get(pk=number)
    problem = f"{type(error).__name__}: {error}".strip()[:500].replace("\x00", "")
    saga.tries += 1
    facts = {"saga": saga.public_id, "kind": saga.kind, "step": saga.step, "try": saga.tries}
    if saga.tries > len(WAITS):
        _stick(saga, problem)
        logger.error("a saga is stuck: a person must look", extra=facts, exc_info=error)
        return
    wait = WAITS[saga.tries - 1] * (1 + JITTER * random.random())  # noqa: S311  spreads load, hides nothing
    saga.due_at, saga.problem = now + wait, problem
    saga.save(update_fields=["tries", "due_at", "problem"])
    logger.warning("a step of a saga failed and is tried again", extra=facts, exc_info=error)


def _stick(saga: Saga, problem: str) -> None:
    saga.state, saga.due_at, saga.problem = Saga.State.STUCK, None, problem
    saga.save(update_fields=["state", "due_at", "problem", "tries"])
