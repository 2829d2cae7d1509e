"""Tells of better plans a few times a second: at once after a silence, else the newest when the interval ends."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from dispatch.optimiser.plan import Plan
from dispatch.optimiser.solution import Progress, Solution

TELL_EVERY_S = 0.25  # between two of them, so that telling does not slow the search

Tell = Callable[[Progress], None]


class Alarm(Protocol):
    """Something that calls once, later, from a thread of its own."""

    daemon: bool

    def start(self) -> None: ...

    def cancel(self) -> None: ...


class Telling:
    """For the threads of one search. What is told costs less each time, and nothing is told after `end`."""

    def __init__(
        self,
        on_better: Tell | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        alarm: Callable[[float, Callable[[], None]], Alarm] = threading.Timer,
    ) -> None:
        self._on_better, self._clock, self._alarm = on_better, clock, alarm
        self._began = self._next = clock()
        self._told: int | None = None  # the cost of what was told last
        self._kept: tuple[float, Callable[[], Plan]] | None = None
        self._busy = self._over = False
        self._waits: Alarm | None = None
        self._state, self._voice = threading.Lock(), threading.Lock()

    @property
    def heard(self) -> bool:
        """Whether anybody listens: else nothing need be made for telling."""
        return self._on_better is not None

    def offer(self, cost: float, make: Callable[[], Plan]) -> None:
        """A plan that its finder thinks better; `make` is called when it is told, if it is not beaten before.

        `cost` is in the finder's own measure: until `drop`, the cheaper of two is kept.
        """
        if self._on_better is None:
            return
        with self._state:
            if self._over or (self._kept is not None and self._kept[0] <= cost):
                return
            self._kept = (cost, make)
            if self._busy:
                return  # whoever is busy tells it afterwards
            self._busy = True
            wait = self._next - self._clock()
        if wait > 0:
            self._later(wait)
        else:
            self._speak()

    def drop(self) -> None:
        """Forget what is not told yet: its finder is done, and what came of it is offered next."""
        with self._state:
            self._kept = None

    def end(self, solution: Solution | None = None) -> None:
        """Nothing more, but for the solution itself where it is better than what was told."""
        with self._state:
            self._over, self._kept = True, None
            if self._waits is not None:
                self._waits.cancel()
        if solution is not None:
            self._tell(solution.cost, lambda: solution)

    def _later(self, wait: float) -> None:
        alarm = self._alarm(wait, self._speak)
        alarm.daemon = True
        with self._state:
            if self._over:
                return
            self._waits = alarm
            alarm.start()

    def _speak(self) -> None:
        with self._state:
            kept, self._kept = self._kept, None
        if kept is not None:
            plan = kept[1]()
            self._tell(plan.cost, plan.solution, last=False)
        with self._state:
            self._next = self._clock() + TELL_EVERY_S
            more = self._busy = self._kept is not None
        if more:
            self._later(TELL_EVERY_S)

    def _tell(self, cost: int, solution: Callable[[], Solution], *, last: bool = True) -> None:
        with self._voice:  # one after the other, each better than the one before
            if self._on_better is None or (self._over and not last):
                return
            if self._told is not None and cost >= self._told:
                return
            self._told = cost
            self._on_better(Progress(elapsed_s=self._clock() - self._began, cost=cost, solution=solution()))
