"""A door's part in the customers' request log: each answer is noted in memory, and told of once a second."""

from __future__ import annotations

import asyncio
import logging
import time

from ingest_lambda.addresses import shown
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.request_log import (
    LONGEST_TEXT,
    MOST_ENTRIES,
    REQUESTS,
    Door,
    Entry,
    RequestLog,
    encode,
    ending_of,
)
from ingest_lambda.stream.resp import RedisConnection

EVERY_S = 1.0
PATIENCE_S = 1.0

log = logging.getLogger(__name__)


class RequestPost:
    """Of one process. No request waits for it; what Redis does not take within a minute is lost, and counted."""

    def __init__(self, url: str) -> None:
        self.log = RequestLog()
        self._url = url
        self._connection: RedisConnection | None = None

    def note(self, request: Request, reply: Reply, began_us: int, took_us: int) -> None:
        """A request was answered. One without a key of ours is nobody's, and is not noted."""
        seen = reply.seen
        if seen is None:
            return
        ending = ending_of(reply.status, seen.accepted, seen.refused)
        key = seen.key
        if not self.log.admits(key.environment_id, key.key_id, began_us, Door.INGEST, ending):
            return
        self.log.keep(
            Entry(
                key.environment_id,
                key.key_id,
                began_us,
                dict(reply.headers).get("x-request-id", ""),
                Door.INGEST,
                request.method,
                shown(request.path)[:LONGEST_TEXT],
                reply.status,
                ending,
                reply.code or seen.reason,
                took_us,
                seen.device[:LONGEST_TEXT],
                seen.accepted,
                seen.refused,
            )
        )

    async def hand_on(self) -> None:
        """What was noted, to Redis. Raises what the connection raises; nothing is taken out before it is there."""
        self.log.close_second()
        while (told := self.log.first_waiting()) is not None:
            if self._connection is None:
                self._connection = await RedisConnection.open(self._url)
            await self._connection.execute(
                "XADD", REQUESTS, "MAXLEN", "~", MOST_ENTRIES, "*", "t", encode(told)
            )
            self.log.handed_on()

    async def keep_handing_on(self) -> None:
        """Every second, for ever."""
        failing = False
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await asyncio.wait_for(self.hand_on(), PATIENCE_S)
                failing = False
            except Exception as error:
                self.close()
                if not failing:
                    log.warning("requests cannot be told of for now", extra={"reason": str(error)})
                failing = True

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def clock_us() -> int:
    """Epoch microseconds."""
    return time.time_ns() // 1000
