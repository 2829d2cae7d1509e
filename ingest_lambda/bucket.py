"""The arithmetic of limits that several doors share: one pool, and what each door may spend of it. Pure.

A limit of `rate` a second is a pool that holds up to BURST_S seconds of it. Each door spends by itself and settles with
the pool every tenth of a second. It holds a *lease*, tokens already taken out of the pool, as many as it lately needed;
beyond that it may run into debt by its part of what the pool held when they last settled. Debts are always charged, so
whatever passes is paid for: over any span no more than `rate * seconds + burst` passes, but for what the doors
owe at that moment (`most_owed`).

A request passes when there is anything left, however many reports it carries, and may leave a debt. So a batch larger
than the burst passes too, and those after it wait until it is paid for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

BURST_S = 60  # a limit lets through what it did not use, up to this many seconds of it
OWED_S = 2.0  # all doors together may owe about this many seconds of a limit
LEAST_OWED = 20.0  # or this many reports, where the limit is tiny
SETTLE_S = 1.0  # a door with room left settles this often; one that runs out, at the next tick
HEADROOM = 1.25  # a lease is this much of what was asked for since the last one
SECOND_US = 1_000_000


class Share(NamedTuple):
    """What the pool answered: the lease it gave, and what it holds after that (below zero: it is in debt)."""

    lease: float
    rest: float


def settle(pool: float, burst: float, position: float, need: float) -> Share:
    """Take a door's position (lease left over, or debt) into the pool, and give out `need` as far as there is.

    The script in `leases.py` does the same inside Redis; a test holds the two together.
    """
    together = min(burst, pool + position)
    lease = max(0.0, min(need, together))
    return Share(lease, together - lease)


def most_owed(rate: float) -> float:
    """Tokens that all doors together may owe between two settlements, beside one request each."""
    return min(rate * BURST_S, max(rate * OWED_S, LEAST_OWED))


class Bucket:
    """One limit as one door sees it. Times are epoch microseconds, amounts are reports."""

    __slots__ = ("asked", "awake", "burst", "credit", "left", "name", "owed", "rate", "rest", "settled_at_us")

    def __init__(self, name: str, rate: float) -> None:
        self.name = name
        self.rate = self.burst = self.owed = 0.0
        self.change(rate)
        self.left = 0.0  # of the lease; below zero: owed to the pool
        self.rest = self.burst  # what the pool held when we last settled: a pool nobody spoke of is full
        self.credit = 0.0  # how far `left` may go below zero
        self.asked = 0.0  # since we last settled, refused ones too
        self.settled_at_us = 0
        self.awake = False  # spends, or has something to give back

    def change(self, rate: float) -> None:
        """The limit is another from now on."""
        self.rate, self.burst, self.owed = rate, rate * BURST_S, most_owed(rate)

    def wake(self, now_us: int, doors: int) -> None:
        """The first request after a silence: the pool has filled meanwhile, as nobody else says otherwise."""
        self.awake = True
        if self.settled_at_us:
            self.rest = min(self.burst, self.rest + (now_us - self.settled_at_us) / SECOND_US * self.rate)
        self.settled_at_us = now_us
        self._lend(doors)

    def spend(self, reports: float) -> None:
        """Let that many through: they are paid for now or charged later."""
        self.left -= reports
        self.asked += reports

    @property
    def open(self) -> bool:
        """Whether anything is left to spend."""
        return self.left + self.credit > 0

    def is_due(self, now_us: int, doors: int) -> bool:
        """Whether to settle at this tick."""
        waited_us = now_us - self.settled_at_us
        if waited_us >= SETTLE_S * SECOND_US:
            return True
        if self.rest < 0 and not self.open:  # nothing can come before the debt is paid
            return waited_us / SECOND_US * self.rate >= -self.rest
        return self.left + self.credit < self.owed / (2 * doors)

    def offer(self, doors: int) -> tuple[float, float]:
        """What to tell the pool: our position, and how much we need next.

        Where the credit is far from used up no lease is needed: what is spent is charged afterwards.
        """
        tight = self.left + self.credit < self.owed / (2 * doors)
        return self.left, self.asked * HEADROOM if tight else 0.0

    def settled(self, position: float, asked: float, share: Share, now_us: int, doors: int) -> None:
        """Take the pool's answer to an offer; what was spent since the offer stays spent."""
        self.left += share.lease - position
        self.asked -= asked
        self.rest = share.rest
        self.settled_at_us = now_us
        self._lend(doors)
        self.awake = self.asked > 0 or self.left != 0

    def fill_alone(self, now_us: int, doors: int) -> None:
        """While the pool cannot be reached: take our part of the rate by the clock, our part of the burst at most."""
        gained = (now_us - self.settled_at_us) / SECOND_US * self.rate / doors
        self.left = min(self.burst / doors, self.left + gained)
        self.settled_at_us = now_us

    def come_back(self) -> None:
        """The pool is there again and has filled by its own clock: what we filled in alone is no longer ours."""
        self.left = min(0.0, self.left)

    def retry_after_s(self) -> int:
        """Whole seconds until something may pass again, at least 1."""
        return max(1, math.ceil(-(self.rest + self.left) / self.rate))

    @property
    def remaining(self) -> int:
        """About how many reports may still come now, of all doors together."""
        return max(0, int(self.rest + self.left))

    def full_in_s(self) -> int:
        """Whole seconds until all of the burst is there again if nothing came, at least 1."""
        return max(1, math.ceil((self.burst - self.remaining) / self.rate))

    def _lend(self, doors: int) -> None:
        self.credit = max(0.0, min(self.owed, self.rest)) / doors
