"""Which events subscribers fail at again and again: each holds up no other, so nothing else would show it. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

STUCK_AFTER = 3  # failures: what passes by itself has passed by then


@dataclass
class _Failing:
    kind: str
    times: int
    at: float


class Stuck:
    """What one relay process saw fail. An event that did not fail again within `forget_s` was handed on."""

    def __init__(self, *, forget_s: float) -> None:
        self._forget_s = forget_s
        self._failing: dict[int, _Failing] = {}

    def failed(self, kinds: Mapping[int, str], *, at: float) -> None:
        """These events (number → kind) failed at that time, in seconds of a clock that only goes on."""
        for number, kind in kinds.items():
            before = self._failing.get(number)
            self._failing[number] = _Failing(kind, before.times + 1 if before else 1, at)

    def kinds(self, *, at: float) -> dict[str, int]:
        """How many events of each kind failed three times or more and wait still."""
        self._failing = {n: one for n, one in self._failing.items() if at - one.at < self._forget_s}
        return dict(Counter(one.kind for one in self._failing.values() if one.times >= STUCK_AFTER))
