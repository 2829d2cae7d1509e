"""How much a deliverer has under way, to whom, and whom it leaves alone for a while. Pure; times are monotonic seconds.

Two lanes. In the fast one are endpoints that answer; in the slow one those that fail, or take SLOW_S and longer. A
request that takes so long leaves the fast lane's count while it is under way, so that however many endpoints fall
silent at once, the others wait for SLOW_S at most. A failing endpoint is left alone after each further failure for
longer, up to LONGEST_PARK_S: its backlog would fill the slow lane otherwise, at one time-out a message.
"""

from collections import Counter
from dataclasses import dataclass, field

FAST = 400  # requests under way in the fast lane at once
SLOW = 100
MOST = 1_000  # in all: slow ones that left the fast lane count here
SLOW_S = 2.0
PARK_AFTER = 2  # failures in a row that are the single messages' business
LONGEST_PARK_S = 60.0


@dataclass
class Lanes:
    """What one deliverer has under way."""

    most: int = MOST
    _begun: dict[int, tuple[int, float, bool]] = field(
        default_factory=dict
    )  # message: endpoint, when, slow lane
    _failures: Counter[int] = field(default_factory=Counter)
    _parked: dict[int, float] = field(default_factory=dict)
    _slow: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, message: int, endpoint: int, *, now: float, slow_lane: bool) -> None:
        """A request goes out."""
        self._begun[message] = (endpoint, now, slow_lane)

    def end(self, message: int, *, ok: bool, now: float) -> None:
        """Its answer is there, or there will be none."""
        endpoint, begun, _ = self._begun.pop(message)
        if now - begun >= SLOW_S:
            self._slow.add(endpoint)
        else:
            self._slow.discard(endpoint)
        if ok:
            self._failures.pop(endpoint, None)
            self._parked.pop(endpoint, None)
            return
        self._failures[endpoint] += 1
        beyond = self._failures[endpoint] - PARK_AFTER
        if beyond > 0:
            self._parked[endpoint] = now + min(2.0 ** min(beyond, 10), LONGEST_PARK_S)

    def free(self, *, now: float, slow_lane: bool, waiting: int = 0) -> int:
        """How many more may begin in that lane. `waiting`: results not written down yet, which count as under way."""
        fast = sum(not slow and now - begun < SLOW_S for _, begun, slow in self._begun.values())
        room = self.most - len(self._begun) - waiting
        if slow_lane:
            return max(0, min(SLOW - (len(self._begun) - fast), room))
        return max(0, min(FAST - fast, room))

    def busy(self) -> Counter[int]:
        """How many are under way to each endpoint."""
        return Counter(endpoint for endpoint, _, _ in self._begun.values())

    def slow(self) -> list[int]:
        """Endpoints that took long the last time."""
        return list(self._slow)

    def parked(self, *, now: float) -> list[int]:
        """Endpoints to leave alone now."""
        self._parked = {endpoint: until for endpoint, until in self._parked.items() if until > now}
        return list(self._parked)
