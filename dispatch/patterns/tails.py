"""Exact chances for counts over days, and how small one must be when many are looked at. Pure.

Days count, not stops: a sick driver's forty stops on one day are one event and no pattern. Given how many stops of a
day were overridden, and were it chance which, a day is a hit if any of those meeting a condition was; the number of
hit days is then a sum of unequal coins, whose tail is computed exactly. Overrides that come in bunches hit fewer days
than scattered ones, so the chance errs on the careful side.

Many conditions are looked at. Those that could not be significant whatever had happened need not be paid for (Tarone
1990): what a condition can reach at best depends on the plans and on the days' totals, not on which stops were
overridden, so leaving it out costs no honesty.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class DayChances:
    """For days with so many stops and so many overridden ones: how likely it is that n given stops hold one."""

    def __init__(self, stops: Ints, overridden: Ints) -> None:
        self.stops, self.overridden = stops, overridden
        self._log_factorial = np.concatenate(
            [[0.0], np.cumsum(np.log(np.arange(1, int(stops.max(initial=1)) + 1)))]
        )

    def hit(self, day: Ints, count: Ints) -> Floats:
        """1 - C(N-n, K) / C(N, K) for each pair of a day and a count of stops of it."""
        whole, hit = self.stops[day], self.overridden[day]
        rest = whole - count
        possible = rest >= hit
        safe = np.where(possible, rest, hit)
        none = np.exp(self._choose(safe, hit) - self._choose(whole, hit))
        return np.where(possible, 1.0 - none, 1.0).clip(0.0, 1.0)

    def _choose(self, whole: Ints, part: Ints) -> Floats:
        f: Floats = self._log_factorial
        ways: Floats = f[whole] - f[part] - f[whole - part]
        return ways


def at_least(hits: Ints, chances: Floats) -> Floats:
    """The chance of so many hit days or more.

    Parameters
    ----------
    hits
        One count for each condition.
    chances
        (conditions, days): how likely each day is to be hit; 0 where the condition did not occur.
    """
    conditions, days = chances.shape
    spread = np.zeros((conditions, days + 1))
    spread[:, 0] = 1.0
    for day in range(days):
        p = chances[:, day : day + 1]
        spread[:, 1:] = spread[:, 1:] * (1 - p) + spread[:, :-1] * p
        spread[:, :1] *= 1 - p
    # the tail is summed from its far end, where the terms are smallest
    tails = np.cumsum(spread[:, ::-1], axis=1)[:, ::-1]
    reached: Floats = np.take_along_axis(tails, hits[:, None], axis=1)[:, 0]
    return reached.clip(0.0, 1.0)


def bar(best_possible: Floats, alpha: float) -> tuple[float, int]:
    """How small a chance must be so that any false find at all has the chance `alpha`; and how many are paid for.

    `best_possible` is the smallest chance each condition could have reached.
    """
    ordered = np.sort(best_possible)

    def testable(paid: int) -> int:
        return int(np.searchsorted(ordered, alpha / paid, side="right"))

    low, high = 1, max(len(ordered), 1)  # fewer are testable the more are paid for: the two meet once
    while low < high:
        middle = (low + high) // 2
        if testable(middle) <= middle:
            high = middle
        else:
            low = middle + 1
    return alpha / low, low


def binomial_at_least(hits: int, tries: int, share: float) -> float:
    """The chance of so many hits or more in so many tries."""
    if hits <= 0:
        return 1.0
    return float(at_least(np.array([hits]), np.full((1, tries), share))[0])
