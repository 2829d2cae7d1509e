"""The bridge's session with the broker: MQTT 5, kept over any cut, acknowledged by us and not on arrival."""

from __future__ import annotations

from typing import Any

import aiomqtt
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest_lambda.config import Config

CLIENT_ID = "milepost-bridge"
# Messages on their way to the stream at once. The broker holds back what is beyond, so a stream that is away fills
# neither this process nor the stream's queue.
UNDER_WAY = 500
QUEUED = 20_000  # QoS 0 has no holding back; beyond this it is dropped, as QoS 0 allows
NEVER = 0xFFFFFFFF  # the session does not end by itself
HELD = "$SYS/broker/store/messages/count"  # how many messages the broker holds; it says so every ten seconds


class Received(aiomqtt.Message):
    """A message, and whether the broker says that it brings it again."""

    payload: bytes

    def __init__(self, came: mqtt.MQTTMessage) -> None:
        super().__init__(came.topic, bytes(came.payload), came.qos, came.retain, came.mid, came.properties)
        self.again = bool(came.dup)

    @property
    def traceparent(self) -> str | None:
        """The user property `traceparent` (MQTT 5), the first where there are several."""
        pairs = getattr(self.properties, "UserProperty", ())
        return next((str(value) for name, value in pairs if str(name).lower() == "traceparent"), None)


class Session(aiomqtt.Client):
    """aiomqtt acknowledges on arrival and drops what it cannot queue; this reaches through to its paho client.

    What has QoS 1 is acknowledged by us and never dropped: the broker sends no more of it than we take at once.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client.manual_ack_set(True)
        self._client.on_message = self._receive

    @classmethod
    def of(cls, settings: Config) -> Session:
        """The session that outlives connection, bridge and broker: what came meanwhile is delivered in it."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # has no types
        properties.SessionExpiryInterval = NEVER
        properties.ReceiveMaximum = UNDER_WAY
        return cls(
            settings.mqtt_host,
            settings.mqtt_port,
            username=settings.mqtt_username or None,
            password=settings.mqtt_password or None,
            identifier=CLIENT_ID,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
        )

    async def hear(self, topics: tuple[str, ...]) -> None:
        """Subscribe, with QoS 1.

        What is retained is not sent at every subscription anew: it came when it was published. That it was
        retained is told with each message, and what this session itself publishes does not come back to it.
        """
        options = SubscribeOptions(
            qos=1, noLocal=True, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND
        )
        for topic in topics:
            await self.subscribe(topic, options=options)
        await self.subscribe(HELD, options=SubscribeOptions(qos=0))

    async def forget_retained(self, topic: str) -> None:
        """Take back what a device left as retained: nobody may read it, and it would only fill the broker."""
        await self.publish(topic, b"", qos=0, retain=True)

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that it may forget a message."""
        self._client.ack(message.mid, message.qos)

    def _receive(self, client: mqtt.Client, userdata: Any, came: mqtt.MQTTMessage) -> None:
        if came.qos or self._queue.qsize() < QUEUED:
            self._queue.put_nowait(Received(came))
