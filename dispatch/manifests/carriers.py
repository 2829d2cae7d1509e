"""Brings a manifest to the broker that keeps it for a device: Mosquitto, or AWS IoT Core."""

import os
import time
from typing import Any, Protocol

import boto3
import paho.mqtt.client as mqtt
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion

TIMEOUT_S = 5.0
KEEPALIVE_S = 30


class NotCarried(Exception):
    """The broker did not take it; the text says why. The same may succeed later."""


class Carrier(Protocol):
    """One broker."""

    def connect(self) -> bool:
        """Be connected; whether the connection is a new one, so that what the broker keeps is to be said again."""
        ...

    def keep(self, topic: str, payload: bytes) -> None:
        """Let the broker keep `payload` for whoever reads the topic; nothing at all where it is empty."""
        ...

    def close(self) -> None:
        """Be done."""
        ...


class Mosquitto:
    """The broker beside us: over the loopback, by the name and password that may write every device's manifest."""

    def __init__(self) -> None:
        self._client: mqtt.Client | None = None

    def connect(self) -> bool:
        """Raises NotCarried."""
        if self._client is not None and self._client.is_connected():
            return False
        self.close()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"milepost-planner-{os.getpid()}", clean_session=True
        )
        if settings.MQTT_USERNAME:
            client.username_pw_set(settings.MQTT_USERNAME, settings.MQTT_PASSWORD)
        client.connect_timeout = TIMEOUT_S
        try:
            client.connect(settings.MQTT_HOST, settings.MQTT_PORT, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise NotCarried(f"the broker is away: {error}") from None
        client.loop_start()
        self._client = client
        ends = time.monotonic() + TIMEOUT_S
        while not client.is_connected():
            if time.monotonic() > ends:
                self.close()
                raise NotCarried("the broker does not let us in")
            time.sleep(0.02)
        return True

    def keep(self, topic: str, payload: bytes) -> None:
        """Raises NotCarried where the broker does not say within five seconds that it has it."""
        if self._client is None:
            raise NotCarried("not connected")
        told = self._client.publish(topic, payload, qos=1, retain=True)
        try:
            told.wait_for_publish(TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            raise NotCarried(f"the broker did not take it: {error}") from None
        if not told.is_published():
            raise NotCarried("the broker did not say that it has it")

    def close(self) -> None:
        """Also after a failure: the next message gets a connection of its own."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()


class IotCore:
    """AWS IoT Core, by HTTPS and the role of this process, which may publish and retain on devices/*/manifest."""

    def __init__(self) -> None:
        self._client: Any = None

    def connect(self) -> bool:
        """Its store of retained messages is AWS's: nothing has to be said again."""
        if self._client is None:
            self._client = boto3.client("iot-data", endpoint_url=settings.IOT_DATA_URL or None)
        return False

    def keep(self, topic: str, payload: bytes) -> None:
        """Raises NotCarried."""
        try:
            self._client.publish(topic=topic, qos=1, retain=True, payload=payload)
        except (ClientError, BotoCoreError) as error:
            raise NotCarried(str(error)) from None

    def close(self) -> None:
        """Nothing is held."""


CARRIERS: dict[str, type[Mosquitto] | type[IotCore]] = {"mqtt": Mosquitto, "iot": IotCore}
