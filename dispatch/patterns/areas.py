"""Squares on the ground in which stops are counted together. Pure.

Squares of one and of two kilometres, each kind in four grids that are shifted by half a side, so that any place up to
half a side across lies wholly inside one of them.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

METRES_PER_DEGREE = 111_195.0
SIDES_M = (1_000.0, 2_000.0)
SHIFTS = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
WIDE = 1 << 21  # columns of a grid: a key is row * WIDE + column


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east and north in degrees; west and south belong to it, east and north do not."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float | None, latitude: float | None) -> bool:
        """Whether the place lies in it; an unknown place lies nowhere."""
        if longitude is None or latitude is None:
            return False
        return self.west <= longitude < self.east and self.south <= latitude < self.north

    def meets(self, other: "Box") -> bool:
        """Whether the two have ground in common."""
        apart = self.east <= other.west or other.east <= self.west
        return not apart and self.south < other.north and other.south < self.north


@dataclass(frozen=True, slots=True)
class Grid:
    """One of the grids around a parallel, which is rounded so that next week's squares are the same."""

    side_m: float
    shift: tuple[float, float]
    parallel: float

    def keys(
        self, longitudes: npt.NDArray[np.float64], latitudes: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.int64]:
        """The square of each place as one number."""
        wide, high = self._steps()
        columns = np.floor((longitudes + 180) / wide + self.shift[0]).astype(np.int64)
        rows = np.floor((latitudes + 90) / high + self.shift[1]).astype(np.int64)
        return rows * WIDE + columns

    def box(self, key: int) -> Box:
        """The square that a key stands for."""
        wide, high = self._steps()
        row, column = divmod(key, WIDE)
        west, south = (column - self.shift[0]) * wide - 180, (row - self.shift[1]) * high - 90
        return Box(round(west, 6), round(south, 6), round(west + wide, 6), round(south + high, 6))

    def _steps(self) -> tuple[float, float]:
        high = self.side_m / METRES_PER_DEGREE
        return high / max(math.cos(math.radians(self.parallel)), 0.05), high


def grids_around(latitudes: npt.NDArray[np.float64]) -> list[Grid]:
    """The grids for places whose middle lies on these latitudes."""
    parallel = round(float(np.median(latitudes)), 0) if len(latitudes) else 0.0
    return [Grid(side, shift, parallel) for side in SIDES_M for shift in SHIFTS]
