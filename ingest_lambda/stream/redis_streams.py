"""The put side of the stream on Redis: requests that arrive together go out together, each exactly once.

While one flush is on its way the next one collects, so a busy door costs Redis one XADD a lane per flush and
not one a request. An entry holds the flush's id (`f`) and its envelopes (`e0`, `e1`, ...). A flush whose
connection broke is sent again only after looking whether its id is on the lane.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from ingest_lambda.report import Envelope, Registration, encode
from ingest_lambda.stream import StreamUnavailable, lane_name, lane_number
from ingest_lambda.stream.resp import Argument, ConnectionLost, RedisConnection, RedisRefused

PATIENCE_S = 10.0
# A busy door starts a flush at most this often, which halves what it and Redis spend per report at full load.
# Busy is BUSY_PUTS puts within BUSY_S. Below that there is no rest: whoever reports alone is answered at once.
PACE_S = 0.002
BUSY_PUTS, BUSY_S = 8, 0.008
MAX_WAITING = 20_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
MAX_FLUSH_BYTES = 8 * 1024 * 1024
FIRST_RETRY_S, LAST_RETRY_S = 0.05, 0.5
LOOK_PAGE = 200

log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    """One put that waits for the stream: its encoded envelopes by lane, and who is to be told."""

    parts: list[tuple[int, bytes]]
    size: int
    deadline: float
    done: asyncio.Future[None]


class _Flush:
    """What goes out together. `lanes` shrinks as lanes are known to hold their entry."""

    def __init__(self, waiting: list[_Waiting], name: Callable[[int], str]) -> None:
        self.id = os.urandom(16)
        self._name = name
        self.waiting = waiting
        self.lanes: dict[int, list[bytes]] = {}
        self.looked_for_after: dict[int, str] = {}  # lanes that may hold the entry already, and since when
        for put in waiting:
            for lane, data in put.parts:
                self.lanes.setdefault(lane, []).append(data)

    @property
    def deadline(self) -> float:
        """When the first of those who still wait is to be told; in the past when nobody waits any more."""
        return min((put.deadline for put in self.waiting if not put.done.done()), default=0.0)

    def commands(self) -> list[tuple[Argument, ...]]:
        return [self._command(lane, envelopes) for lane, envelopes in self.lanes.items()]

    def _command(self, lane: int, envelopes: list[bytes]) -> tuple[Argument, ...]:
        command: list[Argument] = ["XADD", self._name(lane), "*", "f", self.id]
        for index, data in enumerate(envelopes):
            command += (f"e{index}", data)
        return tuple(command)


class RedisStreamWriter:
    """StreamWriter on Redis Streams. Make it inside a running event loop; `close` it in the same one."""

    def __init__(
        self,
        url: str,
        lanes: int,
        *,
        name: Callable[[int], str] = lane_name,
        patience_s: float = PATIENCE_S,
        pace_s: float = PACE_S,
    ) -> None:
        self._url = url
        self._name = name  # of a lane, by its number
        self._lanes = lanes
        self._patience_s = patience_s
        self._pace_s = pace_s
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._arrivals: deque[float] = deque([0.0] * BUSY_PUTS, BUSY_PUTS)
        self._wake = asyncio.Event()
        self._closing = False
        self._connection: RedisConnection | None = None
        self._opened_at = "-"  # the server's clock when the connection was opened, as an entry id
        self._last_ids: dict[int, str] = {}
        self.flushes = 0
        self.retries = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def put(self, envelopes: Sequence[Envelope | Registration]) -> None:
        """See StreamWriter.put. Waits up to `patience_s` seconds for a Redis that is away."""
        if self._closing:
            raise StreamUnavailable("the door is closing")
        parts, size = [], 0
        for envelope in envelopes:
            data = encode(envelope)
            size += len(data)
            parts.append((lane_number(envelope.environment_id, envelope.device, self._lanes), data))
        if len(self._waiting) >= MAX_WAITING or self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise StreamUnavailable("too much waits for the stream already")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        now = time.monotonic()
        self._arrivals.append(now)
        self._waiting.append(_Waiting(parts, size, now + self._patience_s, done))
        self._waiting_bytes += size
        self._wake.set()
        await done

    async def close(self) -> None:
        """Send what waits, for as long as it would have waited anyway, then end."""
        self._closing = True
        self._wake.set()
        with suppress(asyncio.CancelledError):
            await self._task
        self._disconnect()

    @property
    def waiting(self) -> int:
        """How many puts wait for the next flush."""
        return len(self._waiting)

    async def _run(self) -> None:
        started = 0.0
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            now = time.monotonic()
            rest = started + self._pace_s - now
            if rest > 0 and now - self._arrivals[0] < BUSY_S:
                await asyncio.sleep(rest)
            started = time.monotonic()
            flush = self._take()
            try:
                await self._deliver(flush)
            except StreamUnavailable as error:
                _tell(flush.waiting, error)
            except Exception as error:
                log.exception("a flush failed in a way nobody foresaw")
                _tell(flush.waiting, StreamUnavailable(f"{type(error).__name__}: {error}"))
                self._disconnect()
            else:
                self.flushes += 1
                _tell(flush.waiting, None)

    def _take(self) -> _Flush:
        """The next puts, oldest first, up to MAX_FLUSH_BYTES but always at least one."""
        size, count = 0, 0
        for put in self._waiting:
            if count and size + put.size > MAX_FLUSH_BYTES:
                break
            size += put.size
            count += 1
        flush = _Flush(self._waiting[:count], self._name)
        del self._waiting[:count]
        self._waiting_bytes -= size
        return flush

    async def _deliver(self, flush: _Flush) -> None:
        """Return once every lane of the flush holds its entry. Raises StreamUnavailable when nobody waits."""
        pause, reason = FIRST_RETRY_S, "it took too long"
        while self._someone_waits(flush, reason):
            try:
                async with asyncio.timeout_at(_loop_time(flush.deadline)):
                    await self._attempt(flush)
                return
            except (ConnectionLost, RedisRefused) as error:
                reason = str(error)
                self._disconnect()
            except TimeoutError:
                # Redis holds the connection but does not answer. What was sent may still be carried out
                # later, so looking now would prove nothing: give up rather than risk the same flush twice.
                self._disconnect()
                reason = "Redis does not answer"
                if flush.looked_for_after:
                    raise StreamUnavailable(reason) from None
            self.retries += 1
            log.warning(
                "the stream is away, trying again", extra={"reason": reason, "puts": len(flush.waiting)}
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_RETRY_S)
        raise StreamUnavailable(reason)

    def _someone_waits(self, flush: _Flush, reason: str) -> bool:
        """Tell everyone whose time is up, in the flush and behind it; whether anyone of the flush is left."""
        now, error = time.monotonic(), StreamUnavailable(reason)
        _tell([put for put in flush.waiting if put.deadline <= now], error)
        late = [put for put in self._waiting if put.deadline <= now]
        if late:
            _tell(late, error)
            self._waiting = self._waiting[len(late) :]  # deadlines grow along the queue
            self._waiting_bytes -= sum(put.size for put in late)
        return any(not put.done.done() for put in flush.waiting)

    async def _attempt(self, flush: _Flush) -> None:
        connection = await self._connected()
        for lane, since in list(flush.looked_for_after.items()):
            if await _holds(connection, self._name(lane), since, flush.id):
                del flush.lanes[lane]
            del flush.looked_for_after[lane]
        if not flush.lanes:
            return
        lanes = list(flush.lanes)
        flush.looked_for_after = {lane: self._last_ids.get(lane, self._opened_at) for lane in lanes}
        replies = await connection.pipeline(flush.commands())
        flush.looked_for_after.clear()
        refused = None
        for lane, reply in zip(lanes, replies, strict=True):
            if isinstance(reply, Exception):
                refused = reply
            else:
                self._last_ids[lane] = reply.decode()
                del flush.lanes[lane]
        if refused is not None:
            raise RedisRefused(str(refused))

    async def _connected(self) -> RedisConnection:
        if self._connection is None:
            connection = await RedisConnection.open(self._url)
            try:
                seconds, microseconds = await connection.execute("TIME")
            except BaseException:
                connection.close()
                raise
            self._opened_at = f"{int(seconds) * 1000 + int(microseconds) // 1000}-0"
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def _holds(connection: RedisConnection, lane: str, since: str, flush_id: bytes) -> bool:
    """Whether an entry with this flush id is on the lane, looking from its end back to `since`."""
    end = "+"
    while True:
        page = await connection.execute("XREVRANGE", lane, end, since, "COUNT", LOOK_PAGE)
        if any(fields[1] == flush_id for _, fields in page):
            return True
        if len(page) < LOOK_PAGE:
            return False
        end = "(" + page[-1][0].decode()


def _tell(waiting: list[_Waiting], error: StreamUnavailable | None) -> None:
    for put in waiting:
        if put.done.done():  # its request went away
            continue
        if error is None:
            put.done.set_result(None)
        else:
            put.done.set_exception(error)


def _loop_time(deadline: float) -> float:
    return asyncio.get_running_loop().time() + deadline - time.monotonic()
