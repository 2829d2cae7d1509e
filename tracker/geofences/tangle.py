"""How much work a shape would make for the geometry library. Pure.

Whether rings cross is found by comparing edges whose boxes overlap. Ordinary borders have few such pairs; a star of
a hundred thousand spikes has billions, is valid, and would keep a worker busy for a minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.geofences.globe import Coordinates

SAMPLE = 96  # edges each of which is compared with all
MOST_PAIRS = 4_000_000  # of one shape: a fraction of a second
MOST_PAIRS_IN_ALL = 12_000_000  # of one upload
NEGLIGIBLE = 300  # edges: all their pairs together are nothing


@dataclass
class Effort:
    """What one upload has cost so far."""

    pairs: float = 0.0

    def bears(self, lines: Sequence[Coordinates], *, most: float = MOST_PAIRS) -> bool:
        """Whether a shape of these lines, on top of what came before it, can be checked in good time."""
        pairs = overlapping_pairs(lines)
        self.pairs += pairs
        return pairs <= most and self.pairs <= MOST_PAIRS_IN_ALL


def overlapping_pairs(lines: Sequence[Coordinates]) -> float:
    """About how many pairs of edges have overlapping boxes, reckoned from a sample of the edges."""
    number = sum(len(line) - 1 for line in lines)
    if number <= NEGLIGIBLE:
        return number * number / 2
    begin = np.concatenate([line[:-1] for line in lines])
    end = np.concatenate([line[1:] for line in lines])
    (west, south), (east, north) = np.minimum(begin, end).T.copy(), np.maximum(begin, end).T.copy()
    found = 0
    for edge in np.random.default_rng(number).choice(number, SAMPLE, replace=False):
        over = (west <= east[edge]) & (east >= west[edge]) & (south <= north[edge]) & (north >= south[edge])
        found += int(np.count_nonzero(over))
    return found / SAMPLE * number / 2
