"""A device over MQTT while broker, bridge and stream restart: every fix it was told is safe is stored, and once."""

import asyncio
import json
import signal
import ssl
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import aiomqtt
import psycopg
import pytest
from box.stack import Stack

from tests.e2e.product import Customer, call, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
COUNT = 400
LATITUDE, LONGITUDE = 52.5163, 13.3777


class Certified:
    """A device with a certificate from the API."""

    def __init__(self, customer: Customer, name: str, folder) -> None:
        self.customer, self.name = customer, name
        self.start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        first = {"recorded_at": self.start.isoformat(), "latitude": LATITUDE, "longitude": LONGITUDE}
        customer.post(name, [first])
        until(lambda: name in customer.devices(), timeout_s=30)
        self.id = customer.devices()[name]["id"]
        self._address = f"{customer.base_url}/api/v1/devices/{self.id}/certificates"
        issued = call("POST", self._address, customer.secret_key)
        assert issued.status == 201, issued.text
        self.certificate, self._mqtt = issued.document["certificate"], issued.document["mqtt"]
        (folder / "crt").write_text(self.certificate["certificate"])
        (folder / "key").write_text(issued.document["private_key"])
        self._tls = ssl.create_default_context(cadata=issued.document["ca_certificate"])
        self._tls.load_cert_chain(folder / "crt", folder / "key")

    def client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._mqtt["host"], self._mqtt["port"], identifier=self.id, tls_context=self._tls, timeout=5
        )

    async def send(self, count: int) -> None:
        """`count` messages, each again until the broker says that it is safe, as QoS 1 asks."""
        number = 0
        while number < count:
            try:
                async with self.client() as client:
                    while number < count:
                        await client.publish(self._mqtt["publish"], self.message(number), qos=1, timeout=2)
                        number += 1
                        await asyncio.sleep(0.01)  # paces the load, so that it outlasts the restarts
            except (aiomqtt.MqttError, OSError):
                await asyncio.sleep(0.1)

    def message(self, number: int) -> str:
        at = self.start + timedelta(seconds=number + 1)
        return json.dumps(
            {"positions": [{"recorded_at": at.isoformat(), "latitude": LATITUDE, "longitude": LONGITUDE}]}
        )

    def revoke(self) -> None:
        answer = call("DELETE", f"{self._address}/{self.certificate['id']}", self.customer.secret_key)
        assert answer.status == 204, answer.text


def restart_everything(stack: Stack) -> None:
    stack.restart("mosquitto")
    killed = stack.kill("bridge", signal.SIGKILL)
    until(lambda: stack.pid("bridge") not in {0, killed}, timeout_s=30)
    stack.restart("redis")
    killed = stack.kill("mosquitto", signal.SIGKILL)
    until(lambda: stack.pid("mosquitto") not in {0, killed}, timeout_s=30)


def test_restarts_of_broker_bridge_and_stream_lose_nothing_and_store_nothing_twice(stack, tmp_path):
    customer = new_customer(stack, "mqtt-restarts")
    device = Certified(customer, "van-1", tmp_path)
    sending = threading.Thread(target=lambda: asyncio.run(device.send(COUNT)))
    sending.start()
    restart_everything(stack)
    sending.join(120)
    assert not sending.is_alive()
    end = device.start + timedelta(hours=1)

    def times() -> Counter[str]:
        features = customer.positions(device.name, device.start, end)
        return Counter(feature["properties"]["recorded_at"] for feature in features)

    until(lambda: len(times()) == COUNT + 1, timeout_s=60)
    assert set(times().values()) == {1}
    counts = customer.outcomes(device.start)
    assert counts["accepted"] == COUNT + 1
    assert counts["filtered"] == counts["quarantined"] == {}


def test_a_revoked_device_is_cut_and_what_it_was_denied_is_booked(stack, tmp_path):
    customer = new_customer(stack, "mqtt-revoked")
    device = Certified(customer, "van-2", tmp_path)

    async def denied_then_cut() -> bool:
        try:
            async with device.client() as client:
                await client.publish("devices/dev_" + "0" * 32 + "/positions", b"x", qos=1)
                await asyncio.to_thread(device.revoke)
                async with asyncio.timeout(10):
                    async for _ in client.messages:
                        pass
        except aiomqtt.MqttError:
            return True
        return False

    assert asyncio.run(denied_then_cut())
    query = "SELECT sum(count) FROM tracker_deniedpublish JOIN tracker_device d ON d.id = device_id WHERE d.uid = %s"

    def booked() -> int:
        with psycopg.connect(stack.database_url("owner")) as connection:
            connection.execute("SELECT set_config('milepost.unscoped', 'a test looks', false)")
            found = connection.execute(query, [device.id.removeprefix("dev_")]).fetchone()
            return found[0] or 0 if found else 0

    until(lambda: booked() == 1, timeout_s=40)
