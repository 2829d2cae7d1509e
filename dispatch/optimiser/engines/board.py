"""The best plan that the searches of one solve know together: each offers its own and looks at the others'."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import Core, CoreRoute, CoreSolution, OnBetter

Made = TypeVar("Made")
Routes = tuple[CoreRoute, ...]


@dataclass(frozen=True)
class Post:
    """A plan as its finder counts it: what must be served and is not, then the cost."""

    missing: int
    cost: int
    routes: Routes
    number: int = 0

    def beats(self, other: "Post") -> bool:
        return (self.missing, self.cost) < (other.missing, other.cost)


class Board:
    """Safe for several threads. `number` grows with every better plan."""

    def __init__(
        self,
        core: Core,
        first: CoreSolution,
        missing: int,
        on_better: OnBetter | None = None,
        changed: tuple[int, ...] | None = None,
    ) -> None:
        """`changed`: the clients that a plan already there does not know; None for a new start."""
        self.core, self.on_better, self.changed = core, on_better, changed
        self.began = time.monotonic()
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._closed = False
        self._made: dict[str, object] = {}
        self.best = Post(missing, first.cost, first.routes)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What several searches need and one makes: the others wait for it."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return cast("Made", self._made[name])

    def offer(self, missing: int, cost: int, routes: Routes) -> None:
        """Put up a plan if it is better than the best."""
        with self._lock:
            post = Post(missing, cost, routes, self.best.number + 1)
            if self._closed or not post.beats(self.best):
                return
            self.best = post
        if self.on_better is not None and missing == 0:
            self.on_better(evaluate(self.core, routes), time.monotonic() - self.began)

    def close(self) -> None:
        """From now on nothing is taken: the answer was given."""
        with self._lock:
            self._closed = True

    @property
    def cost(self) -> float | None:
        """For a stop: the best cost, None before the first plan that leaves out nothing it must not."""
        best = self.best
        return None if best.missing else float(best.cost)

    def solution(self) -> CoreSolution:
        return evaluate(self.core, self.best.routes)
