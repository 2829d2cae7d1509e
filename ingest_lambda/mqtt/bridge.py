"""Carries messages from the broker to the stream; acknowledges each once the stream has it, and never before."""

from __future__ import annotations

import asyncio
import logging
import time

import aiomqtt

from ingest_lambda.config import Config
from ingest_lambda.mqtt.messages import TOPICS, read_message
from ingest_lambda.mqtt.redelivered import Redelivered
from ingest_lambda.mqtt.session import HELD, UNDER_WAY, Received, Session
from ingest_lambda.report import Envelope, request_id_text
from ingest_lambda.stream import StreamUnavailable, StreamWriter
from ingest_lambda.tally import Tally

FIRST_RETRY_S, LAST_RETRY_S = 0.2, 5.0

logger = logging.getLogger(__name__)


class Bridge:
    """Runs until it is told to stop, whatever becomes of broker and stream."""

    def __init__(self, settings: Config, stream: StreamWriter) -> None:
        self._settings = settings
        self._stream = stream
        self._redelivered = Redelivered()
        self._under_way: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(2 * UNDER_WAY)  # those of a lost connection, and those of the next
        self._held = 0
        self.connected = False
        self.tally = Tally()

    async def run(self) -> None:
        """Connect, carry, and connect again with a growing pause; for ever."""
        pause = FIRST_RETRY_S
        while True:
            try:
                async with Session.of(self._settings) as session:
                    await session.hear(TOPICS)
                    self.connected, pause = True, FIRST_RETRY_S
                    logger.info("carrying messages from the broker")
                    await self._carry(session)
            except aiomqtt.MqttError as error:
                logger.warning("the broker is away, trying again", extra={"reason": str(error)})
            finally:
                self.connected = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_RETRY_S)

    def facts(self) -> dict[str, int | bool]:
        """What the sign of life and the summary say. `held` is how many messages the broker keeps."""
        return {
            "connected": self.connected,
            "messages": self.tally.total,
            "under_way": len(self._under_way),
            "held": self._held,
        }

    async def _carry(self, session: Session) -> None:
        try:
            async for message in session.messages:
                if not isinstance(message, Received):
                    continue
                if str(message.topic) == HELD:
                    self._held = int(message.payload or b"0")
                    continue
                await self._room.acquire()
                # tasks begin in the order they are made, so messages enter the stream's queue in theirs
                task = asyncio.create_task(self._take(session, message))
                self._under_way.add(task)
                task.add_done_callback(self._end)
        finally:
            if self._under_way:  # acknowledge what the stream took, while there still is a connection
                await asyncio.wait(self._under_way, timeout=LAST_RETRY_S)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._room.release()

    async def _take(self, session: Session, message: Received) -> None:
        """One message to its end. What cannot be read goes the same way, as a refusal: it never becomes readable."""
        before = self._redelivered.again(message)
        if before is not None:
            await before.wait()
            self.tally.taken("redelivered")
        else:
            stored = self._redelivered.first(message)
            await self._store(message)
            stored.set()
        session.acknowledge(message)
        if message.retain and message.payload:
            try:
                await session.forget_retained(str(message.topic))
            except aiomqtt.MqttError as error:
                logger.info("a retained message stays for now", extra={"reason": str(error)})

    async def _store(self, message: Received) -> None:
        topic, limit = str(message.topic), self._settings.max_body_bytes
        now_us = time.time_ns() // 1000
        try:
            read = read_message(topic, message.payload, message.traceparent, limit, now_us)
        except Exception:
            logger.exception("a message failed in a way nobody foresaw", extra={"topic": topic})
            self.tally.taken("internal_error")
            return
        if read.envelopes:
            await self._put(read.envelopes)
        if read.problem is None:
            self.tally.taken("stored" if read.envelopes else "no_report")
            return
        request_id = request_id_text(read.envelopes[0].request_id) if read.envelopes else ""
        facts = {"topic": topic, "device": read.device, "detail": read.problem.detail}
        self.tally.refused(read.problem.code, request_id, facts)

    async def _put(self, envelopes: list[Envelope]) -> None:
        while True:
            try:
                return await self._stream.put(envelopes)
            except StreamUnavailable as error:
                logger.warning("the stream is away, holding messages", extra={"reason": str(error)})
                await asyncio.sleep(FIRST_RETRY_S)
