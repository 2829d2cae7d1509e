"""Doors share limits: every tenth of a second each settles what it spent with the pools in Redis, in the background.

No request waits for this. While Redis is away each door gives out its own part of every limit: none closes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from ingest_lambda.bucket import BURST_S, Bucket, Share
from ingest_lambda.quotas import Quotas
from ingest_lambda.stream.resp import Argument, RedisConnection

TICK_S = 0.1
PATIENCE_S = 1.0
FORGET_S = 30.0
DOORS = "limits:doors"  # a sorted set: who settled lately, so that each knows how many share
DOOR_SEEN_MS = 5_000
MOST_A_CALL = 500

# bucket.settle inside Redis, by Redis' own clock unless one is passed in. KEYS: the doors, then a pool each.
# ARGV: our name, the clock in microseconds or "", seconds of burst, then rate, position and need for each pool.
SCRIPT = """
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local ms = math.floor(now / 1000)
redis.call('ZADD', KEYS[1], ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ms - %d)
redis.call('PEXPIRE', KEYS[1], %d)
local answer = {redis.call('ZCARD', KEYS[1])}
for i = 2, #KEYS do
  local first = 3 * (i - 2) + 4
  local rate, position, need = tonumber(ARGV[first]), tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local burst = rate * tonumber(ARGV[3])
  local pool = burst
  local stored = redis.call('GET', KEYS[i])
  if stored then
    local held, at = string.match(stored, '^(%%S+) (%%S+)$')
    pool = math.min(burst, tonumber(held) + math.max(0, now - tonumber(at)) / 1000000 * rate)
  end
  local together = math.min(burst, pool + position)
  local lease = math.max(0, math.min(need, together))
  local rest = together - lease
  local full_in_ms = math.ceil((burst - rest) / rate * 1000) + 1000
  redis.call('SET', KEYS[i], string.format('%%.6f %%.0f', rest, now), 'PX', full_in_ms)
  answer[#answer + 1] = string.format('%%.6f', lease)
  answer[#answer + 1] = string.format('%%.6f', rest)
end
return answer
""" % (DOOR_SEEN_MS, DOOR_SEEN_MS)  # noqa: UP031 the script's own braces and per cent signs are clearer so

log = logging.getLogger(__name__)


def pool_name(bucket: Bucket) -> str:
    """Where a bucket's pool stands in Redis."""
    return f"limit:{bucket.name}"


class Leases:
    """Settles the buckets of one door, `name`, with the pools. `keep_settling` in the loop of the door."""

    def __init__(
        self,
        url: str,
        quotas: Quotas,
        name: str,
        *,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._url = url
        self._quotas = quotas
        self._name = name
        self._now_us = now_us
        self._connection: RedisConnection | None = None
        self._script: bytes = b""
        self.settlements = 0

    async def settle(self, pool_clock_us: int | None = None) -> None:
        """Settle everything that is due, once. Raises what the connection raises: then nothing is lost here.

        `pool_clock_us` stands in for Redis' clock.
        """
        due = list(self._quotas.due(self._now_us()))
        for first in range(0, len(due), MOST_A_CALL):
            await self._call(due[first : first + MOST_A_CALL], pool_clock_us)

    async def keep_settling(self) -> None:
        """Settle every TICK_S seconds, for ever; while Redis is away the door gives out its own part."""
        forget_at = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await asyncio.wait_for(self.settle(), PATIENCE_S)
                self._quotas.together_again()
            except Exception as error:
                self.close()
                if not self._quotas.alone:
                    log.warning("limits are kept alone for now", extra={"reason": str(error)})
                self._quotas.alone_from(self._now_us())
                await asyncio.sleep(PATIENCE_S)
            if time.monotonic() >= forget_at:
                forget_at = time.monotonic() + FORGET_S
                self._quotas.forget(self._now_us())

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _call(self, buckets: Sequence[Bucket], pool_clock_us: int | None) -> None:
        connection = await self._connected()
        offers = [(bucket, *bucket.offer(self._quotas.doors), bucket.asked) for bucket in buckets]
        command: list[Argument] = ["EVALSHA", self._script, 1 + len(buckets), DOORS]
        command += [pool_name(bucket) for bucket in buckets]
        command += [self._name, "" if pool_clock_us is None else pool_clock_us, BURST_S]
        for bucket, position, need, _ in offers:
            command += (repr(bucket.rate), f"{position:.6f}", f"{need:.6f}")
        answer = await connection.execute(*command)
        now_us = self._now_us()
        self._quotas.doors = max(1, int(answer[0]))
        self.settlements += len(buckets)
        for number, (bucket, position, _, asked) in enumerate(offers):
            share = Share(float(answer[1 + 2 * number]), float(answer[2 + 2 * number]))
            bucket.settled(position, asked, share, now_us, self._quotas.doors)
            if not bucket.awake:
                self._quotas.rested(bucket)

    async def _connected(self) -> RedisConnection:
        if self._connection is None:
            connection = await RedisConnection.open(self._url)
            try:
                self._script = await connection.execute("SCRIPT", "LOAD", SCRIPT)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection
