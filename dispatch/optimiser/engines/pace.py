"""How far a search is on its way to its end: by the clock where the stop has one, else by the count of questions."""

import threading

from dispatch.optimiser.core import Stop
from dispatch.optimiser.stop import remaining_s

UNKNOWN_S = 60.0  # a search that a person will end is paced as if it had so long


class Pace:
    """Asks the stop for several threads; `over` once it said so."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self.whole_s = remaining_s(stop)
        self.total = _count_of(stop)
        self.counted = self.total is not None
        self.asked = 0
        self.ended = threading.Event()

    @property
    def over(self) -> bool:
        return self.ended.is_set()

    def ask(self, cost: float | None) -> bool:
        """One step is done: time to end?"""
        self.asked += 1
        if self.stop(cost):
            self.ended.set()
        return self.over

    def left_s(self) -> float:
        """Of the clock; infinity without one."""
        return remaining_s(self.stop)

    def done(self) -> float:
        """From 0 to 1."""
        if self.total is not None:
            return min(1.0, self.asked / max(1, self.total))
        left = remaining_s(self.stop)
        whole = self.whole_s if self.whole_s < float("inf") else UNKNOWN_S
        return 1.0 - min(1.0, max(0.0, left) / max(whole, 1e-9))


class Meetings:
    """When a search looks at what others found: seldom, for two that follow each other find less than two."""

    AT = (0.15, 0.3, 0.5, 0.65, 0.8, 0.9, 0.96)

    def __init__(self) -> None:
        self.next = 0

    def due(self, done: float) -> bool:
        """Whether a meeting was passed since the last question."""
        before = self.next
        while self.next < len(self.AT) and done >= self.AT[self.next]:
            self.next += 1
        return self.next > before


def _count_of(stop: Stop) -> int | None:
    """How many questions the stop will answer with no, where it counts them."""
    counts = [getattr(one, "n", None) for one in getattr(stop, "conditions", (stop,))]
    return min((int(count) for count in counts if count is not None), default=None)
