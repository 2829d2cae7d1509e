"""What goes around a provider: slower hours, a memory, and another provider for when the first is away."""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel.provider import Block, Provider, TravelUnavailable
from dispatch.optimiser.travel.tables import UNREACHABLE, Matrix

# Places a memory keeps for a profile: 3,000 are 9 million pairs, 72 MB a table.
MOST_PLACES = 3000
KEEPS_S = 86_400.0  # roads are dug up; a day is how old an answer may be
DIGITS = 5  # of a degree: about a metre


class ByHour:
    """A provider of one period made slower or faster by hour: `paces` are (start_s, seconds for each second)."""

    def __init__(self, provider: Provider, paces: Sequence[tuple[int, float]]) -> None:
        if len(provider.starts_s) > 1:
            raise ValueError("the provider knows hours of its own")
        if not paces or any(pace <= 0 for _, pace in paces):
            raise ValueError("hours need a pace of more than nothing each")
        self.provider, self.paces = provider, tuple(paces)
        self.starts_s = tuple(start for start, _ in paces)

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        plain = self.provider.block(sources, targets, profile)
        seconds = plain.durations_s[0]
        slower = (
            np.where(seconds < 0, UNREACHABLE, np.ceil(seconds * pace)).astype(np.int64)
            for _, pace in self.paces
        )
        return Block(plain.distance_m, tuple(slower))


class Fallback:
    """Asks the second provider when the first is unavailable; `fell_back` says why, until the first answers again."""

    def __init__(self, first: Provider, second: Provider) -> None:
        self.first, self.second = first, second
        self.starts_s = first.starts_s
        self.fell_back: str | None = None

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        try:
            block = self.first.block(sources, targets, profile)
        except TravelUnavailable as error:
            self.fell_back = str(error)
            block = self.second.block(sources, targets, profile)
            if len(block.durations_s) != len(self.starts_s):
                block = Block(block.distance_m, block.durations_s[:1] * len(self.starts_s))
        else:
            self.fell_back = None
        return block


class Cached:
    """Remembers the ways it was told, by coordinates to the metre; asks for new places only.

    One lock holds all askers, so that two plans of one zone ask a server once.
    """

    def __init__(
        self,
        provider: Provider,
        most: int = MOST_PLACES,
        keeps_s: float = KEEPS_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider, self.most, self.keeps_s, self.clock = provider, most, keeps_s, clock
        self.starts_s = provider.starts_s
        self._known: dict[str, tuple[dict[tuple[float, float], int], list[Place], Block]] = {}
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        asked = {key: place for place in (*sources, *targets) if (key := _key(place)) is not None}
        if len(asked) > self.most:
            return self.provider.block(sources, targets, profile)
        with self._lock:
            numbers, _, block = self._learn(asked, profile)
            rows = _numbers(numbers, sources)
            columns = _numbers(numbers, targets)
            return Block(
                _part(block.distance_m, rows, columns),
                tuple(_part(m, rows, columns) for m in block.durations_s),
            )

    def _learn(
        self, asked: dict[tuple[float, float], Place], profile: str
    ) -> tuple[dict[tuple[float, float], int], list[Place], Block]:
        now = self.clock()
        if now - self._since.setdefault(profile, now) > self.keeps_s:
            self._known.pop(profile, None)
            self._since[profile] = now
        numbers, places, block = self._known.get(profile, ({}, [], None))
        new = {key: place for key, place in asked.items() if key not in numbers}
        if block is not None and not new:
            return numbers, places, block
        if block is None or len(numbers) + len(new) > self.most:  # begin anew: what is asked now matters most
            numbers, places, new = {}, [], asked
            block = None
        fresh = list(new.values())
        everything = [*places, *fresh]
        onward = self.provider.block(fresh, everything, profile)
        if block is not None:
            back = self.provider.block(places, fresh, profile)
            block = Block(
                _grown(block.distance_m, back.distance_m, onward.distance_m),
                tuple(
                    _grown(*three)
                    for three in zip(block.durations_s, back.durations_s, onward.durations_s, strict=True)
                ),
            )
        else:
            block = onward
        numbers = {**numbers, **{key: len(places) + n for n, key in enumerate(new)}}
        self._known[profile] = (numbers, everything, block)
        return self._known[profile]


def _key(place: Place) -> tuple[float, float] | None:
    if place.longitude is None or place.latitude is None:
        return None
    return (round(place.longitude, DIGITS), round(place.latitude, DIGITS))


def _numbers(numbers: dict[tuple[float, float], int], places: Sequence[Place]) -> Matrix:
    keys = (_key(place) for place in places)
    return np.array([-1 if key is None else numbers[key] for key in keys], np.int64)


def _grown(old: Matrix, back: Matrix, onward: Matrix) -> Matrix:
    return np.vstack([np.hstack([old, back]), onward])


def _part(matrix: Matrix, rows: Matrix, columns: Matrix) -> Matrix:
    """Rows and columns by number; -1 (no coordinates) is unreachable."""
    if not len(matrix):
        return np.full((len(rows), len(columns)), UNREACHABLE, np.int64)
    part = matrix[np.ix_(rows, columns)]
    part[rows < 0, :] = UNREACHABLE
    part[:, columns < 0] = UNREACHABLE
    return part
