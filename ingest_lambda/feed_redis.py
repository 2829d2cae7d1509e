"""The doors' feed on one machine: two keys in Redis, the version asked for every two seconds."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ingest_lambda.feed import Feed
from ingest_lambda.stream.resp import RedisConnection

DOCUMENT, VERSION = "edge:feed", "edge:feed:version"  # written together
POLL_S = 2.0

log = logging.getLogger(__name__)


class RedisFeed(Feed):
    """A feed that follows the document in Redis. A look that fails keeps what is known: the door stays open.

    `looked_at` is the loop's time of the last good look, None before the first.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._connection: RedisConnection | None = None
        self.looked_at: float | None = None

    async def look(self) -> bool:
        """Look once; whether something was new. Raises what the connection raises, or BadFeed."""
        try:
            if self._connection is None:
                self._connection = await RedisConnection.open(self._url)
            version = await self._ask(VERSION)
            new = version is not None and version.decode() != self.version
            document = await self._ask(DOCUMENT) if new else None
        except BaseException:
            self.close()
            raise
        if document is not None:
            self.learn(document)
        self.looked_at = asyncio.get_running_loop().time()
        return document is not None

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
                        "the feed could not be read, keeping what is known", extra={"reason": str(error)}
                    )
                failing = True
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, key: str) -> Any:
        if self._connection is None:
            raise ConnectionError("the connection to Redis is closed")
        return await asyncio.wait_for(self._connection.execute("GET", key), POLL_S)
