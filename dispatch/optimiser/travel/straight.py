"""Straight lines times a factor: the provider that needs nobody, and the fallback of all others."""

from collections.abc import Mapping, Sequence

import numpy as np

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel.provider import Block, known
from dispatch.optimiser.travel.tables import UNREACHABLE, Matrix

EARTH_M = 6_371_008.8  # mean radius
# Streets are longer than straight lines by about a third in towns (Boscoe, Henry and Zdeb 2012 find 1.4, Delhi 1.3).
FACTOR = 1.3
SPEED_MPS = 6.5  # door to door in a city, lights and turns included
ROWS = 512  # rows at once: 5,000 places take 20 MB at a time and not a gigabyte


class StraightLine:
    """Great circles times `factor`, at one speed for each profile.

    Parameters
    ----------
    factor
        Metres of street for each metre of straight line.
    speeds_mps
        By profile; `default_mps` for all others.
    """

    def __init__(
        self,
        factor: float = FACTOR,
        speeds_mps: Mapping[str, float] | None = None,
        default_mps: float = SPEED_MPS,
    ) -> None:
        if factor <= 0 or default_mps <= 0 or any(speed <= 0 for speed in (speeds_mps or {}).values()):
            raise ValueError("a factor and a speed are more than nothing")
        self.factor, self.default_mps, self.speeds_mps = factor, default_mps, dict(speeds_mps or {})
        self.starts_s: tuple[int, ...] = (0,)

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        """Never unavailable; a place without coordinates is unreachable."""
        distance = np.empty((len(sources), len(targets)), np.int64)
        there = _radians(targets)
        for first in range(0, len(sources), ROWS):
            rows = sources[first : first + ROWS]
            distance[first : first + ROWS] = self._metres(_radians(rows), there)
        unknown = ~known(sources)[:, None] | ~known(targets)[None, :]
        speed = self.speeds_mps.get(profile, self.default_mps)
        duration = np.ceil(distance / speed).astype(np.int64)
        distance[unknown] = duration[unknown] = UNREACHABLE
        return Block(distance, (duration,))

    def _metres(
        self,
        here: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
        there: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    ) -> Matrix:
        """Haversine, which keeps its digits over short ways."""
        half_latitude = np.sin((there[None, :, 1] - here[:, None, 1]) / 2) ** 2
        half_longitude = np.sin((there[None, :, 0] - here[:, None, 0]) / 2) ** 2
        chord = half_latitude + np.cos(here[:, None, 1]) * np.cos(there[None, :, 1]) * half_longitude
        metres: Matrix = np.ceil(2 * EARTH_M * self.factor * np.arcsin(np.sqrt(np.minimum(chord, 1)))).astype(
            np.int64
        )
        return metres


def _radians(places: Sequence[Place]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    good = known(places)
    return np.radians(
        np.array(
            [(p.longitude, p.latitude) if fine else (0.0, 0.0) for p, fine in zip(places, good, strict=True)],
            np.float64,
        ).reshape(-1, 2)
    )
