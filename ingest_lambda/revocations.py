"""Which keys were revoked: a set in Redis that the console writes and every door polls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container

from ingest_lambda.stream.resp import RedisConnection

REVOKED_KEYS = "edge:revoked_keys"  # a Redis set of key ids in decimal
POLL_S = 2.0

log = logging.getLogger(__name__)


class Revocations(Container[int]):
    """The ids of revoked keys as of the last successful look.

    A look that fails keeps the last known set: the door must stay open when Redis blinks, and the consumer
    checks each key once more in the database. `looked_at` is the loop's time of the last good look, None
    before the first.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: RedisConnection | None = None
        self._ids: frozenset[int] = frozenset()
        self.looked_at: float | None = None

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    async def look(self) -> None:
        """Fetch the set once. Raises what the connection raises, and then remembers what it knew."""
        try:
            if self._connection is None:
                self._connection = await RedisConnection.open(self._url)
            members = await asyncio.wait_for(self._connection.execute("SMEMBERS", REVOKED_KEYS), POLL_S)
        except BaseException:
            self.close()
            raise
        self._ids = frozenset(int(member) for member in members if member.isdigit())
        self.looked_at = asyncio.get_running_loop().time()

    async def keep_looking(self) -> None:
        """Look every POLL_S seconds, for ever."""
        failing = False
        while True:
            try:
                await self.look()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning(
                        "revoked keys could not be read, keeping those known", extra={"reason": str(error)}
                    )
                failing = True
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
