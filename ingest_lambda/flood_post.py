"""Between a process and the judge of storms: tallies go to Redis once a second, what is in force comes back."""

from __future__ import annotations

import asyncio
import logging
import time

import msgspec

from ingest_lambda.flood_tallies import Tallies
from ingest_lambda.floods import EVERY_S, IN_FORCE, MOST_ENTRIES, TALLIES, encoded
from ingest_lambda.stream.resp import RedisConnection

PATIENCE_S = 1.0
STALE_S = 30.0  # without word from Redis nothing stays in force

log = logging.getLogger(__name__)


def in_force(document: bytes | None) -> frozenset[tuple[int, int]]:
    """Environment and key of each storm of registrations. Raises msgspec.MsgspecError."""
    if document is None:
        return frozenset()
    found = msgspec.json.decode(document, type=dict[str, list[int]])
    return frozenset((int(environment), key) for environment, keys in found.items() for key in keys)


class FloodPost:
    """A door's. No request waits for it; while Redis is away nothing is counted and nothing coalesced."""

    def __init__(self, url: str, tallies: Tallies) -> None:
        self._url = url
        self._tallies = tallies
        self._connection: RedisConnection | None = None
        self._heard_at = time.monotonic()

    async def exchange(self) -> None:
        """Hand on what was counted and learn what is in force, once. Raises what the connection raises."""
        tallies = self._tallies.take()
        if self._connection is None:
            self._connection = await RedisConnection.open(self._url)
        if tallies:
            await self._connection.execute(
                "XADD", TALLIES, "MAXLEN", "~", MOST_ENTRIES, "*", "t", encoded(tallies)
            )
        self._tallies.in_force = in_force(await self._connection.execute("GET", IN_FORCE))
        self._heard_at = time.monotonic()

    async def keep_exchanging(self) -> None:
        """Every second, for ever."""
        failing = False
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await asyncio.wait_for(self.exchange(), PATIENCE_S)
                failing = False
            except Exception as error:
                self.close()
                if not failing:
                    log.warning("storms cannot be told of for now", extra={"reason": str(error)})
                failing = True
                if time.monotonic() - self._heard_at > STALE_S:
                    self._tallies.in_force = frozenset()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
