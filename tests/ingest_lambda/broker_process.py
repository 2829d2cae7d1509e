"""A Mosquitto of the test's own under its keeper, set up as `make run` does it, and devices with real certificates."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import redis
from box.mosquitto import Mosquitto
from box.place import open_place
from box.ports import free_port
from box.settings_file import merged_settings, process_environment, write_settings
from cryptography import x509

from ingest_lambda.broker.door import CERTIFICATES_KEY, VERSION_KEY, Certificates
from tests.ingest_lambda.redis_process import RedisProcess, wait_until
from tracker.certificates.authority import Authority, key_pem, new_key, pem
from tracker.certificates.broker_files import AuthorityFiles

YEAR = timedelta(days=365)


class DeviceWithCertificate:
    """Somebody who comes to the broker with a certificate and its key."""

    def __init__(self, broker: "BrokerProcess", public_id: str, authority: Authority, begins, lasts) -> None:
        self.broker, self.public_id, key = broker, public_id, new_key()
        self.certificate = authority.signed_for_device(public_id, key.public_key(), now=begins, lasts=lasts)
        self.folder = Path(tempfile.mkdtemp(dir=broker.folder))
        (self.folder / "crt").write_bytes(pem(self.certificate))
        (self.folder / "key").write_bytes(key_pem(key))

    @property
    def serial(self) -> str:
        return f"{self.certificate.serial_number:x}"

    @property
    def context(self) -> ssl.SSLContext:
        return self.context_trusting(*(each.certificate for each in self.broker.authority_files.read()))

    def context_trusting(self, *authorities: x509.Certificate) -> ssl.SSLContext:
        """What the device presents, and by which authorities it knows the broker."""
        context = ssl.create_default_context(cadata=pem(*authorities).decode())
        context.load_cert_chain(self.folder / "crt", self.folder / "key")
        return context

    def client(self, **more) -> aiomqtt.Client:
        settings: dict[str, Any] = {
            "protocol": aiomqtt.ProtocolVersion.V5,
            "timeout": 5,
            "tls_context": self.context,
        } | more
        return aiomqtt.Client("127.0.0.1", self.broker.tls_port, **settings)

    def is_let_in(self, context: ssl.SSLContext | None = None) -> bool:
        """Whether the broker takes a connection. By hand: paho would wait long for an answer that never comes."""
        packet = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"
        try:
            with (
                socket.create_connection(("127.0.0.1", self.broker.tls_port), 5) as plain,
                (context or self.context).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
            ):
                secure.sendall(packet)
                return secure.recv(4) == b"\x20\x02\x00\x00"
        except OSError:
            return False

    def topic(self, name="positions", family="devices") -> str:
        return f"{family}/{self.public_id}/{name}"


class BrokerProcess:
    """The broker's program as the supervisor runs it, with the test's Redis."""

    def __init__(self, redis_process: RedisProcess) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mp-broker-", dir="/tmp"))
        self.folder.chmod(0o711)
        self.place = open_place(self.folder)
        self.port, self.tls_port = free_port(), free_port()
        given = {"MILEPOST_MQTT_PORT": str(self.port), "MILEPOST_MQTT_TLS_PORT": str(self.tls_port)}
        self.settings = merged_settings(self.place, given, fixed={})
        write_settings(self.place, self.settings)
        self._mosquitto = Mosquitto(self.place, self.settings)
        self._mosquitto.prepare()
        self.redis = redis_process
        self.environ = process_environment(
            self.place, MILEPOST_REDIS_URL=redis_process.url, MILEPOST_MQTT_HOST="127.0.0.1"
        )
        self.log = self.folder / "keeper.log"
        self._process: subprocess.Popen | None = None
        self.authority_files = AuthorityFiles(
            Path(self.settings["MILEPOST_CA_CERT"]), Path(self.settings["MILEPOST_CA_KEY"])
        )
        self.authority = self.authority_files.read()[0]
        self.prepare = self._mosquitto.prepare

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = self._mosquitto.program().command
            self._process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
        wait_until(lambda: _takes(self.port) and _takes(self.tls_port), 20)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None
            wait_until(lambda: not _takes(self.port), 20)

    def remove(self) -> None:
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self, words: str) -> int:
        return self.log.read_text().count(words)

    def device(self, public_id="", *, authority=None, begins=None, lasts=YEAR) -> DeviceWithCertificate:
        name = public_id or f"dev_{uuid.uuid4().hex}"
        return DeviceWithCertificate(
            self, name, authority or self.authority, begins or datetime.now(UTC), lasts
        )

    def internal(self, user="BRIDGE", **more) -> aiomqtt.Client:
        """Somebody of ours, over the loopback."""
        prefix = "MILEPOST_MQTT" if user == "BRIDGE" else f"MILEPOST_MQTT_{user}"
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            username=self.settings[f"{prefix}_USERNAME"],
            password=self.settings[f"{prefix}_PASSWORD"],
            **more,
        )

    def tell(self, *ended: DeviceWithCertificate, lists: str | None = None) -> None:
        """Say which certificates ended, as the web side does."""
        now = datetime.now(UTC)
        revoked = self.authority.revocations({each.certificate.serial_number: now for each in ended}, now=now)
        told = Certificates(
            os.urandom(8).hex(),
            pem(revoked).decode() if lists is None else lists,
            [(each.serial, each.public_id) for each in ended],
        )
        client = redis.Redis.from_url(self.redis.url, protocol=2)
        client.set(CERTIFICATES_KEY, msgspec.json.encode(told))
        client.set(VERSION_KEY, told.version)
        client.close()


def _takes(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
