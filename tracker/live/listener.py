"""The one Redis subscription of a process: channels in, messages out, healed by itself.

It drives a plain connection instead of redis-py's PubSub, which reconnects silently: here a lost
connection must be noticed, because what was published meanwhile is gone and every map needs a new snapshot.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

CLIENT_NAME = f"milepost-live-{os.getpid()}"  # so that CLIENT LIST says who subscribes
BACKOFF_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
PING_S = 10.0
SILENCE_S = 25.0  # two pings unanswered: the connection is dead even if nobody said so


class Listener:
    """Subscribes to channels and calls back on this event loop.

    `on_message(channel, payload)` for each message; `on_subscribed(channel)` each time Redis confirms a
    channel, the first time and after every loss. `run()` lasts until cancelled.
    """

    def __init__(
        self, url: str, on_message: Callable[[str, bytes], None], on_subscribed: Callable[[str], None]
    ) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            socket_connect_timeout=5,
            decode_responses=False,
            client_name=CLIENT_NAME,
        )
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._confirmed: dict[str, asyncio.Event] = {}
        self._connection: AbstractConnection | None = None
        self.losses = 0

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def subscribe(self, channel: str, *, within_s: float) -> bool:
        """Ask for a channel; True once Redis has confirmed it, False if that takes longer than `within_s`.

        After a False the channel stays wanted, and `on_subscribed` tells when it is there.
        """
        confirmed = self._confirmed.get(channel)
        if confirmed is None:
            confirmed = self._confirmed[channel] = asyncio.Event()
            await self._say("SUBSCRIBE", channel)
        try:
            async with asyncio.timeout(within_s):
                await confirmed.wait()
        except TimeoutError:
            return False
        return True

    async def unsubscribe(self, channel: str) -> None:
        """Stop wanting a channel."""
        if self._confirmed.pop(channel, None) is not None:
            await self._say("UNSUBSCRIBE", channel)

    async def run(self) -> None:
        """Connect, read, and connect again after each loss, for ever."""
        attempt = 0
        while True:
            try:
                async with self._connect() as connection:
                    attempt = 0
                    await self._read(connection)
            except (RedisError, OSError, TimeoutError) as error:
                self.losses += 1
                pause = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
                attempt += 1
                logger.warning("live subscription lost (%s), again in %.2f s", error, pause)
                await asyncio.sleep(pause)

    @contextlib.asynccontextmanager
    async def _connect(self) -> Any:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py
        try:
            await connection.connect()  # type: ignore[no-untyped-call]  # redis-py
            for confirmed in self._confirmed.values():
                confirmed.clear()
            if self._confirmed:
                await connection.send_command("SUBSCRIBE", *self._confirmed)
            self._connection = connection
            yield connection
        finally:
            self._connection = None
            await connection.disconnect(nowait=True)

    async def _read(self, connection: AbstractConnection) -> None:
        pinger = asyncio.create_task(self._ping(connection))
        try:
            while True:
                reply = await connection.read_response(timeout=SILENCE_S)
                if not isinstance(reply, list) or len(reply) < 3:
                    continue  # the answer to a ping
                kind, channel = reply[0], reply[1].decode()
                if kind == b"message":
                    self._on_message(channel, reply[2])
                elif kind == b"subscribe" and channel in self._confirmed:
                    self._confirmed[channel].set()
                    self._on_subscribed(channel)
        finally:
            pinger.cancel()

    async def _ping(self, connection: AbstractConnection) -> None:
        with contextlib.suppress(RedisError, OSError):
            while True:
                await asyncio.sleep(PING_S)
                await connection.send_command("PING")

    async def _say(self, command: str, channel: str) -> None:
        connection = self._connection
        if connection is None:
            return  # the next connection says it for all wanted channels
        # the reader meets the same error and reconnects; redis-py meets a closed connection with an AttributeError
        with contextlib.suppress(RedisError, OSError, AttributeError):
            await connection.send_command(command, channel)
