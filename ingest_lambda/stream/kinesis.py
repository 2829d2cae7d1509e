"""The put side of the stream on Kinesis for a server: requests that arrive together go out together, by a thread.

While one call is on its way the next collects. A call that was cut off may have been carried out: its records go
out again and the consumer, which knows each by its request, takes them once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ingest_lambda.report import Envelope, Registration
from ingest_lambda.stream import StreamUnavailable
from ingest_lambda.stream.kinesis_put import CALL_TIMEOUT_S, KinesisStream, records_of
from ingest_lambda.stream.kinesis_queue import PutQueue, Waiting

PATIENCE_S = 10.0
MAX_WAITING = 20_000
MAX_WAITING_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class _Put:
    """One put: how many of its records are still to be stored, and who waits for them."""

    __slots__ = ("done", "left")

    def __init__(self, left: int, done: asyncio.Future[None]) -> None:
        self.left = left
        self.done = done


class KinesisStreamWriter:
    """StreamWriter on Kinesis. Make it inside a running event loop; `close` it in the same one."""

    def __init__(
        self,
        stream: KinesisStream,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._patience_s = patience_s
        self._clock = clock
        self._queue = PutQueue()
        self._wake = asyncio.Event()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, "kinesis")
        self.flushes = 0
        self.retries = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def put(self, envelopes: Sequence[Envelope | Registration]) -> None:
        """See StreamWriter.put. Waits up to `patience_s` seconds for a stream that is away or full."""
        await self.put_records(records_of(envelopes))

    async def put_records(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Records as they are: partition key and bytes. Raises StreamUnavailable."""
        if self._closing:
            raise StreamUnavailable("the door is closing")
        size = sum(len(data) for _, data in records)
        if self._queue.count >= MAX_WAITING or self._queue.bytes + size > MAX_WAITING_BYTES:
            raise StreamUnavailable("too much waits for the stream already")
        if not records:
            return
        put = _Put(len(records), asyncio.get_running_loop().create_future())
        deadline = self._clock() + self._patience_s
        for key, data in records:
            self._queue.add(Waiting(key, data, deadline, put))
        self._wake.set()
        await put.done

    async def close(self) -> None:
        """Send what waits, for as long as it would have waited anyway, then end."""
        self._closing = True
        self._wake.set()
        with suppress(asyncio.CancelledError):
            await self._task
        self._thread.shutdown(wait=False)
        self._stream.close()

    @property
    def waiting(self) -> int:
        """How many records wait."""
        return self._queue.count

    async def _run(self) -> None:
        while True:
            rest = self._queue.rest_s(now := self._clock())
            if rest is None and self._closing:
                return
            self._tell(self._queue.give_up(now), "the stream did not take it in time")
            if rest is None or rest > 0:
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), rest)
                continue
            if call := self._queue.next_call(now):
                await self._send(call)

    async def _send(self, call: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        try:
            failed = await loop.run_in_executor(self._thread, self._stream.put, call, CALL_TIMEOUT_S)
        except StreamUnavailable as error:
            self._tell(self._queue.clear(), str(error))
            return
        except Exception as error:
            log.exception("a call failed in a way nobody foresaw")
            self._tell(self._queue.clear(), f"{type(error).__name__}: {error}")
            self._stream.close()
            return
        self.flushes += 1
        self.retries += sum(failed)
        for record in self._queue.settle(call, failed, self._clock()):
            put = _owner(record)
            put.left -= 1
            if put.left == 0 and not put.done.done():
                put.done.set_result(None)

    def _tell(self, records: Sequence[Waiting], reason: str) -> None:
        for record in records:
            put = _owner(record)
            if not put.done.done():
                put.done.set_exception(StreamUnavailable(reason))


def _owner(record: Waiting) -> _Put:
    if not isinstance(record.owner, _Put):
        raise TypeError("a record of somebody else is in this queue")
    return record.owner
