"""From the MQTT broker to the stream: `python -m ingest_lambda.mqtt`.

Subscribes to `devices/{device_id}/positions` with QoS 1 and a persistent session, and acknowledges a message only
once the stream holds it: what the broker has not been told of, it delivers again. A message is our native JSON; its
`device_id` may be left out, and must be the topic's otherwise. For now its credential is a publishable key in a
top-level field `"key"`; certificates per device will take that place, and then the broker vouches for the topic.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import aiomqtt
import msgspec

from ingest_lambda import config, log
from ingest_lambda.accept import enclose, new_request_id
from ingest_lambda.config import Config
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.feed_redis import RedisFeed
from ingest_lambda.formats import json_text, native
from ingest_lambda.health import keep_beating
from ingest_lambda.problems import Problem, body_too_large, unauthorized, wrong_shape
from ingest_lambda.report import Channel, Envelope, request_id_text
from ingest_lambda.stream import StreamUnavailable, StreamWriter
from ingest_lambda.stream.redis_streams import RedisStreamWriter
from ingest_lambda.tally import Tally

COMPONENT = "bridge"
TOPIC = "devices/+/positions"
CLIENT_ID = "milepost-bridge"
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 5.0
# Messages on their way to the stream at once. The broker holds back what is beyond, so a stream that is away fills
# neither this process nor the stream's queue.
UNDER_WAY = 1000
QUEUED = 20_000  # QoS 0 has no holding back; beyond this the library drops, as QoS 0 allows

logger = logging.getLogger(__name__)


class AcknowledgingClient(aiomqtt.Client):
    """aiomqtt acknowledges on arrival; its paho client can leave that to us, and this reaches through to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client.manual_ack_set(True)

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that it may forget a message."""
        self._client.ack(message.mid, message.qos)


class _Keyed(msgspec.Struct):
    key: str


def read_message(topic: str, payload: bytes, gatekeeper: Gatekeeper, limit: int, now_us: int) -> Envelope:
    """The envelope of one MQTT message. Raises Problem, as the HTTP door would answer."""
    if len(payload) > limit:
        raise body_too_large(limit)
    key = gatekeeper.from_text(_key_in(payload))
    device = topic.split("/")[1]
    reports = native.read_body(payload, device)
    if reports.device != device:
        detail = "device_id is not the device of the topic: a device can report only as itself."
        raise wrong_shape("wrong_device", detail, "/device_id")
    return enclose(reports, key, now_us, new_request_id(now_us), None, Channel.MQTT)


def _key_in(payload: bytes) -> str:
    try:
        return msgspec.json.decode(payload, type=_Keyed).key
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # broken, no object, or no text under "key": the slow way tells which
    try:
        value = json_text.decode(payload)
    except json_text.BadJson as error:
        raise wrong_shape("invalid_json", str(error)) from None
    key = value.get("key") if isinstance(value, dict) else None
    if not isinstance(key, str):
        raise unauthorized("missing_key", 'Send your publishable key in the field "key" of the message.')
    return key


class Bridge:
    """Carries messages from the broker to the stream until it is told to stop."""

    def __init__(self, settings: Config, stream: StreamWriter, gatekeeper: Gatekeeper) -> None:
        self._settings = settings
        self._stream = stream
        self._gatekeeper = gatekeeper
        self._under_way: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(UNDER_WAY)
        self.connected = False
        self.tally = Tally()

    async def run(self) -> None:
        """Connect, carry, and connect again with a growing pause; for ever."""
        pause = FIRST_RETRY_S
        while True:
            try:
                async with self._client() as client:
                    await client.subscribe(TOPIC, qos=1)
                    self.connected, pause = True, FIRST_RETRY_S
                    logger.info("carrying messages from the broker")
                    await self._carry(client)
            except aiomqtt.MqttError as error:
                logger.warning("the broker is away, trying again", extra={"reason": str(error)})
            finally:
                self.connected = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_RETRY_S)

    def facts(self) -> dict[str, int | bool]:
        """What the sign of life and the summary say."""
        return {
            "connected": self.connected,
            "messages": self.tally.total,
            "under_way": len(self._under_way),
        }

    def _client(self) -> AcknowledgingClient:
        return AcknowledgingClient(
            self._settings.mqtt_host,
            self._settings.mqtt_port,
            username=self._settings.mqtt_username or None,
            password=self._settings.mqtt_password or None,
            identifier=CLIENT_ID,
            clean_session=False,
            max_queued_incoming_messages=QUEUED,
        )

    async def _carry(self, client: AcknowledgingClient) -> None:
        try:
            async for message in client.messages:
                await self._room.acquire()
                # tasks begin in the order they are made, so messages enter the stream's queue in theirs
                task = asyncio.create_task(self._take(client, message))
                self._under_way.add(task)
                task.add_done_callback(self._end)
        finally:
            if self._under_way:  # acknowledge what the stream took, while there still is a connection
                await asyncio.wait(self._under_way, timeout=LAST_RETRY_S)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._room.release()

    async def _take(self, client: AcknowledgingClient, message: aiomqtt.Message) -> None:
        """One message to its end. What cannot be read is acknowledged too: it would never become readable."""
        now_us = time.time_ns() // 1000
        topic, limit = str(message.topic), self._settings.max_body_bytes
        try:
            envelope = read_message(topic, message.payload, self._gatekeeper, limit, now_us)
        except Problem as problem:
            facts = {"topic": topic, "detail": problem.detail, "param": problem.param}
            self.tally.refused(problem.code, request_id_text(new_request_id(now_us)), facts)
        except Exception:
            logger.exception("a message failed in a way nobody foresaw")
            self.tally.taken("internal_error")
        else:
            await self._put(envelope)
            self.tally.taken("stored")
        client.acknowledge(message)

    async def _put(self, envelope: Envelope) -> None:
        while True:
            try:
                return await self._stream.put((envelope,))
            except StreamUnavailable as error:
                logger.warning("the stream is away, holding messages", extra={"reason": str(error)})
                await asyncio.sleep(FIRST_RETRY_S)


async def serve(settings: Config) -> None:
    """Run the bridge, its feed and its signs of life until SIGTERM or SIGINT."""
    feed = RedisFeed(settings.redis_url)
    with suppress(Exception):  # keep_looking tells and tries again
        await feed.look()
    stream = RedisStreamWriter(settings.redis_url, settings.lanes)
    bridge = Bridge(settings, stream, Gatekeeper(settings.key_signing_secrets, feed.revoked))
    tasks = [
        asyncio.create_task(bridge.run()),
        asyncio.create_task(feed.keep_looking()),
        asyncio.create_task(keep_beating(settings.redis_url, COMPONENT, str(os.getpid()), bridge.facts)),
        asyncio.create_task(bridge.tally.keep_telling(bridge.facts)),
    ]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await stream.close()
    logger.info("the bridge is closed", extra={"messages": bridge.tally.total})
    for result in results:
        if isinstance(result, Exception):
            raise result


def main() -> int:
    """Carry until told to stop. Returns the exit code."""
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(COMPONENT, settings.log_level)
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
