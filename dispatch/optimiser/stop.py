"""When a search ends: one question, asked after every step with the best cost known so far.

Every condition may be asked from several threads at once (the engines run two), and an answer of True stays True.
"""

import itertools
import threading
import time
from typing import Protocol


class Stop(Protocol):
    """Asked by an engine after each step; True ends the search and its best is kept."""

    def __call__(self, best_cost: float | None) -> bool:
        """`best_cost` is the cheapest cost known, None while nothing feasible is known."""
        ...


class After:
    """A wall-clock budget, counted from the first question or from `start()`, whichever comes first.

    Parameters
    ----------
    seconds
        How long the search may go on. Zero is allowed: the first plan is the answer.
    """

    def __init__(self, seconds: float) -> None:
        if not seconds >= 0:
            raise ValueError(f"a search cannot run for {seconds} seconds")
        self.seconds = float(seconds)
        self._end_s: float | None = None

    def start(self) -> None:
        """Let the clock run from now on, so that what is done before the first question counts too."""
        if self._end_s is None:
            self._end_s = time.monotonic() + self.seconds

    def remaining_s(self) -> float:
        """How much is left, never below zero."""
        self.start()
        assert self._end_s is not None  # noqa: S101 - start() has just set it
        return max(0.0, self._end_s - time.monotonic())

    def __call__(self, best_cost: float | None) -> bool:
        return self.remaining_s() <= 0


class Iterations:
    """A number of questions: the search that must be the same on every machine ends by this one."""

    def __init__(self, n: int) -> None:
        if n < 0:
            raise ValueError(f"a search cannot take {n} steps")
        self.n = n
        self._asked = itertools.count(
            1
        )  # next() on it is one step of the interpreter, so threads cannot tear it

    def __call__(self, best_cost: float | None) -> bool:
        return next(self._asked) > self.n


class WhenSet:
    """A person (or another thread) ends the search by setting an event; its best is kept."""

    def __init__(self, event: threading.Event) -> None:
        self.event = event

    def __call__(self, best_cost: float | None) -> bool:
        return self.event.is_set()


class AnyOf:
    """Ends as soon as one of its conditions does."""

    def __init__(self, *conditions: Stop) -> None:
        self.conditions = conditions

    def start(self) -> None:
        """Start the clocks among the conditions."""
        for condition in self.conditions:
            begin(condition)

    def remaining_s(self) -> float:
        """What the shortest of its clocks has left; infinity without a clock."""
        return min((remaining_s(condition) for condition in self.conditions), default=float("inf"))

    def __call__(self, best_cost: float | None) -> bool:
        return any(condition(best_cost) for condition in self.conditions)


def begin(stop: Stop) -> None:
    """Start the clock of a condition that has one."""
    start = getattr(stop, "start", None)
    if callable(start):
        start()


def remaining_s(stop: Stop) -> float:
    """Seconds of wall time that a condition leaves; infinity where it knows no clock."""
    left = getattr(stop, "remaining_s", None)
    return float(left()) if callable(left) else float("inf")
