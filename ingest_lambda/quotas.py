"""The limits of keys, environments and tenants at one door: from the feed, in memory, without waiting for anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingest_lambda.bucket import BURST_S, SECOND_US, Bucket
from ingest_lambda.feed import Feed
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.limits import CAP_REACHED, Allowance

FORGOTTEN_AFTER_US = 120 * SECOND_US  # a pool is full again after 60 s: nothing is lost by forgetting it then
NOTHING_KNOWN = Allowance(True)


class _Chain(NamedTuple):
    """The buckets a key's reports run through, narrowest first, as of one version of the feed."""

    version: str
    buckets: tuple[Bucket, ...]
    policy: tuple[str, str]
    unlimited: Allowance = NOTHING_KNOWN  # the answer where there are no buckets


class Quotas:
    """`Limits` of a door. `leases.py` settles its buckets with the other doors'; alone it gives out their part.

    A key, environment or tenant that the feed does not name has no limit here: the consumer knows whether it exists.
    """

    def __init__(self, feed: Feed, *, alone: bool = False) -> None:
        self._feed = feed
        self._chains: dict[int, _Chain] = {}
        self._registering: dict[int, _Chain] = {}
        self._buckets: dict[str, Bucket] = {}
        self._awake: dict[str, Bucket] = {}
        self.doors = 1  # that share these limits, ourselves included
        self.alone = alone  # there are no shared pools, or they cannot be reached
        self.refused = 0
        self.capped = 0  # refused because a spending cap is reached

    def take(self, key: VerifiedKey, reports: int, now_us: int) -> Allowance:
        """See Limits.take."""
        chain = self._chains.get(key.key_id)
        if chain is None or chain.version is not self._feed.version:
            chain = self._chain(key)
        return self._take(chain, reports or 1, now_us)

    def charge(self, key: VerifiedKey, reports: int) -> Sequence[tuple[str, str]]:
        """See Limits.charge."""
        chain = self._chains.get(key.key_id)
        if chain is None or not chain.buckets:
            return ()
        if reports:
            for bucket in chain.buckets:
                bucket.spend(reports)
        return _headers(chain)

    def take_registrations(self, key: VerifiedKey, registrations: int, now_us: int) -> Allowance:
        """The same for registrations that go on their way; they do not count as reports."""
        chain = self._registering.get(key.environment_id)
        if chain is None or chain.version is not self._feed.version:
            chain = self._registration_chain(key.environment_id)
        return self._take(chain, registrations, now_us)

    def due(self, now_us: int) -> Iterator[Bucket]:
        """Buckets to settle now."""
        return (bucket for bucket in list(self._awake.values()) if bucket.is_due(now_us, self.doors))

    def rested(self, bucket: Bucket) -> None:
        """A bucket has settled and neither owes nor holds anything."""
        self._awake.pop(bucket.name, None)

    def alone_from(self, now_us: int) -> None:
        """The pools cannot be reached from now on."""
        if not self.alone:
            self.alone = True
            for bucket in self._awake.values():
                bucket.settled_at_us = now_us

    def together_again(self) -> None:
        """The pools can be reached again."""
        if self.alone:
            self.alone = False
            for bucket in self._awake.values():
                bucket.come_back()

    def forget(self, now_us: int) -> None:
        """Let go of what nobody asked for lately."""
        old = [
            name
            for name, bucket in self._buckets.items()
            if not bucket.awake and now_us - bucket.settled_at_us > FORGOTTEN_AFTER_US
        ]
        for name in old:
            del self._buckets[name]
        if old:
            self._chains.clear()
            self._registering.clear()

    def _take(self, chain: _Chain, reports: int, now_us: int) -> Allowance:
        if not chain.buckets:
            if not chain.unlimited.granted:
                self.capped += 1
            return chain.unlimited
        if not reports:  # nothing is wanted: only what is left is to be shown
            return Allowance(True, 0, _headers(chain))
        for bucket in chain.buckets:
            if not bucket.awake:
                bucket.wake(now_us, self.doors)
                self._awake[bucket.name] = bucket
            if self.alone:
                bucket.fill_alone(now_us, self.doors)
            if not bucket.open:
                bucket.asked += reports
                self.refused += 1
                wait_s = bucket.retry_after_s()
                shown = ("ratelimit", f'"{_word(bucket)}";r=0;t={wait_s}')
                return Allowance(False, wait_s, (chain.policy, shown), _word(bucket))
        for bucket in chain.buckets:
            bucket.spend(reports)
        return Allowance(True, 0, _headers(chain))

    def _chain(self, key: VerifiedKey) -> _Chain:
        facts = self._feed.environment(key.environment_id)
        rates: list[tuple[str, float]] = []
        if facts is not None and facts.intake == "stopped":
            # no bucket is touched, so a refusal costs no limit anything and whoever is let in pays nothing for it
            chain = self._chains[key.key_id] = self._of(rates)._replace(unlimited=CAP_REACHED)
            return chain
        if facts is not None:
            rates = [
                (f"key:{key.key_id}", facts.key_reports_per_second),
                (f"environment:{key.environment_id}", facts.reports_per_second),
            ]
            tenant = self._feed.tenant(facts.tenant)
            if tenant is not None:
                rates.append((f"tenant:{facts.tenant}", tenant.reports_per_second))
        chain = self._chains[key.key_id] = self._of(rates)
        return chain

    def _registration_chain(self, environment_id: int) -> _Chain:
        facts = self._feed.environment(environment_id)
        rates = [] if facts is None else [(f"registrations:{environment_id}", facts.registrations_per_second)]
        chain = self._registering[environment_id] = self._of(rates)
        return chain

    def _of(self, rates: Sequence[tuple[str, float]]) -> _Chain:
        buckets = []
        for name, rate in rates:
            bucket = self._buckets.get(name)
            if bucket is None:
                bucket = self._buckets[name] = Bucket(name, rate)
            elif bucket.rate != rate:
                bucket.change(rate)
                bucket.rest = min(bucket.rest, bucket.burst)
            buckets.append(bucket)
        policy = ", ".join(f'"{_word(bucket)}";q={int(bucket.burst)};w={BURST_S}' for bucket in buckets)
        return _Chain(self._feed.version, tuple(buckets), ("ratelimit-policy", policy))


def _headers(chain: _Chain) -> Sequence[tuple[str, str]]:
    """The policies, and what is left of the one that is nearest to its end."""
    nearest = chain.buckets[0]
    for bucket in chain.buckets[1:]:
        if (bucket.rest + bucket.left) * nearest.burst < (nearest.rest + nearest.left) * bucket.burst:
            nearest = bucket
    left = f'"{_word(nearest)}";r={nearest.remaining};t={nearest.full_in_s()}'
    return (chain.policy, ("ratelimit", left))


def _word(bucket: Bucket) -> str:
    return bucket.name.partition(":")[0]
