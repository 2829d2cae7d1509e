"""Late fixes of one device that lie near each other, and the stored history around them as far as it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest_lambda.batch import Trail
from ingest_lambda.history import Item, Past
from ingest_lambda.report import MICROSECONDS

CLUSTER_GAP_US = 3600 * MICROSECONDS  # late fixes farther apart are looked up each for itself
FIRST_PAGE, LAST_PAGE = 4, 4096  # positions loaded behind a cluster at first, and at most
FIRST_REACH_US = 86_400 * MICROSECONDS  # how far behind it they are looked for at first


NOTHING_BEFORE = Past()


class Stretch(NamedTuple):
    """What to load of a device: all from `from_us` to `to_us`, then `more` positions up to `upto_us`."""

    trail: Trail
    from_us: int
    to_us: int
    upto_us: int
    more: int


@dataclass(slots=True, eq=False)
class Cluster:
    """`arriving` in recorded order, `past` what is known just before them, `stored` from there to `loaded_to_us`."""

    trail: Trail
    end_us: int  # nothing of the device is stored behind this instant
    arriving: list[Item]
    past: Past = NOTHING_BEFORE
    stored: list[Item] = field(default_factory=list)
    loaded_to_us: int = -1  # everything stored up to here is in `stored`
    page: int = FIRST_PAGE

    @property
    def first_us(self) -> int:
        return self.arriving[0].fix.recorded_at_us

    @property
    def last_us(self) -> int:
        return self.arriving[-1].fix.recorded_at_us

    def wanted(self) -> Stretch:
        """What to load next."""
        first = self.loaded_to_us < 0
        complete_to_us = self.last_us if first else self.loaded_to_us
        upto_us = min(self.end_us, complete_to_us + FIRST_REACH_US) if first else self.end_us
        return Stretch(
            self.trail,
            self.first_us if first else self.loaded_to_us + 1,
            complete_to_us,
            max(upto_us, complete_to_us),
            self.page,
        )

    def take_in(self, stored: Sequence[Item], loaded_to_us: int) -> None:
        self.stored += stored
        self.loaded_to_us = loaded_to_us
        self.page = min(LAST_PAGE, self.page * 4)

    def join(self, following: Cluster) -> None:
        """Go on as one with the cluster this one has run into."""
        border_us = following.first_us
        # the jumps before its first late fix were loaded with both
        self.stored = [one for one in self.stored if one.fix.recorded_at_us < border_us]
        self.stored += [one for one in following.stored if one.fix.recorded_at_us >= border_us]
        self.arriving += following.arriving
        self.loaded_to_us = following.loaded_to_us

    @property
    def judged_to_us(self) -> int:
        """The newest instant in it, whatever becomes of that fix."""
        return max(one.fix.recorded_at_us for one in (*self.stored, self.arriving[-1]))
