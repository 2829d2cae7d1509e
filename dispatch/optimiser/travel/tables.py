"""Distances and times between all places of a problem, by kind of vehicle and by hour, as whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNREACHABLE = -1
"""Stands in a table where no way between two places is known; never read as a length."""

# A leg is travelled in parts of this many, so that crossing into a slower hour is exact in whole numbers:
# with 10^12 parts a leg of up to 11 days keeps its own time to the second (decision 0035).
WHOLE = 10**12

Matrix = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """What one kind of vehicle needs from every place to every other.

    Parameters
    ----------
    distance_m
        Square matrix of metres, row = from. UNREACHABLE where no way is known; what is unknown in one of the matrices
        is so in all.
    durations_s
        One square matrix of seconds for each period of the day, each for a leg wholly inside its period.
    starts_s
        When each period begins, seconds since the problem's epoch, ascending. The first counts from ever.

    Raises
    ------
    ValueError
        When shapes differ, or there is not one start for each matrix of durations.
    """

    distance_m: Matrix
    durations_s: tuple[Matrix, ...]
    starts_s: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        shape = self.distance_m.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"distances are {shape}, not a square")
        if len(self.durations_s) != len(self.starts_s) or not self.durations_s:
            raise ValueError(f"{len(self.durations_s)} tables of durations for {len(self.starts_s)} periods")
        if any(matrix.shape != shape for matrix in self.durations_s):
            raise ValueError(f"durations are not all {shape} as the distances are")
        if any(a >= b for a, b in zip(self.starts_s, self.starts_s[1:], strict=False)):
            raise ValueError(f"periods begin at {self.starts_s}, which does not ascend")
        self._agree()

    def _agree(self) -> None:
        """A pair that is unknown in one matrix is unknown in all, so that readers need to look at one only."""
        unknown = ~self.known()
        if not unknown.any() or all((m[unknown] < 0).all() for m in (self.distance_m, *self.durations_s)):
            return
        object.__setattr__(self, "distance_m", np.where(unknown, UNREACHABLE, self.distance_m))
        durations = tuple(np.where(unknown, UNREACHABLE, matrix) for matrix in self.durations_s)
        object.__setattr__(self, "durations_s", durations)

    @property
    def by_hour(self) -> bool:
        """Whether the time of day matters at all."""
        return len(self.durations_s) > 1

    def known(self) -> npt.NDArray[np.bool_]:
        """True where a way is known, both in metres and in every period."""
        reachable: npt.NDArray[np.bool_] = self.distance_m >= 0
        for matrix in self.durations_s:
            reachable = reachable & (matrix >= 0)
        return reachable


@dataclass(frozen=True, slots=True)
class Travel:
    """The tables of a problem by name of profile; a vehicle names the one it travels by."""

    tables: Mapping[str, Table]

    def __post_init__(self) -> None:
        if not self.tables:
            raise ValueError("a problem needs one table of travel at least")
        sizes = {len(table.distance_m) for table in self.tables.values()}
        if len(sizes) > 1:
            raise ValueError(f"the tables of travel differ in size: {sorted(sizes)}")

    @property
    def size(self) -> int:
        """How many places the tables know."""
        return len(next(iter(self.tables.values())).distance_m)
