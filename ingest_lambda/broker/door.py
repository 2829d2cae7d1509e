"""Who may come in: takes the list of revoked certificates from Redis to the broker, and ends connections it ended.

What Mosquitto 2.0 does was tried out (decision record 0016): on SIGHUP it reads its list anew, forgets the TLS
sessions it offered to resume, and refuses a revoked certificate from then on; but who is connected stays connected, and
a list it cannot read is as good as none. So a list is checked before it is put in place, and a device is cut by
taking its place: its client id is the name in its certificate, and a second connection of that id ends the first.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import msgspec
from cryptography import x509

from ingest_lambda.config import Config
from ingest_lambda.stream.resp import RedisConnection

CERTIFICATES_KEY = "edge:certificates"
VERSION_KEY = "edge:certificates:version"
# Cut once more a little later: a handshake that had begun before the new list was read may have ended after it.
CUT_AGAIN_AFTER_S = 3.0
END = b"-----END X509 CRL-----"

logger = logging.getLogger(__name__)


class Certificates(msgspec.Struct, frozen=True):
    """What the web side says: the signed lists (PEM), and which certificates ended lately, with whose they were."""

    version: str
    revoked: str
    ended: list[tuple[str, str]]


class BadList(Exception):
    """Text that is no list of revocations, or none that our authority signed."""


class Door:
    """Applies what the web side says. `reload` makes the running broker read its files again."""

    def __init__(self, settings: Config, reload: Callable[[], None]) -> None:
        self._settings = settings
        self._reload = reload
        self._folder = Path(settings.broker_dir)
        self._version = b""
        self._seen: set[str] = set()  # serials whose connections were ended, or that came before the broker
        self._to_cut: dict[str, float] = {}  # device: not before this instant of the monotonic clock
        self._files = self._state_of_files()

    async def look(self, connection: RedisConnection, *, running: bool) -> None:
        """Take over what is new. Before the broker runs, nobody is connected who would have to be cut."""
        version = await connection.execute("GET", VERSION_KEY)
        if not version or version == self._version:
            return
        data = await connection.execute("GET", CERTIFICATES_KEY)
        if data:
            self._apply(msgspec.json.decode(data, type=Certificates), running)
        self._version = version

    def look_at_files(self) -> None:
        """Let a running broker read what set-up or the worker renewed; what Redis says is then compared again."""
        state = self._state_of_files()
        if state != self._files:
            self._files, self._version = state, b""
            self._reload()
            logger.info("the broker reads its certificates again")

    async def cut(self, now: float) -> None:
        """End the connections that are due; those that cannot be ended now stay due. `now` is monotonic."""
        for device in [device for device, due in self._to_cut.items() if due <= now]:
            await self._take_the_place_of(device)
            if self._to_cut.pop(device) <= 0:
                self._to_cut[device] = now + CUT_AGAIN_AFTER_S

    def _apply(self, told: Certificates, running: bool) -> None:
        lists = told.revoked.encode()
        try:
            check(lists, (self._folder / "ca.pem").read_bytes())
        except (BadList, OSError) as error:
            logger.error("a list of revocations was not taken over", extra={"reason": str(error)})
            return
        path = self._folder / "crl.pem"
        fresh = [(serial, device) for serial, device in told.ended if serial not in self._seen]
        self._seen.update(serial for serial, _ in fresh)
        if not path.is_file() or path.read_bytes() != lists:
            _replace(path, lists)
        elif not (fresh and running):
            return
        self._files = self._state_of_files()
        if running:  # even where only time ended a certificate: its TLS session could be resumed until then
            self._reload()
            self._to_cut.update((device, 0.0) for _, device in fresh)
        logger.info("revocations in force", extra={"version": told.version, "ended": len(fresh)})

    async def _take_the_place_of(self, device: str) -> None:
        async with aiomqtt.Client(
            self._settings.mqtt_host,
            self._settings.mqtt_port,
            username=self._settings.mqtt_keeper_username,
            password=self._settings.mqtt_keeper_password,
            identifier=device,
            clean_session=True,
            timeout=5,
        ):
            pass
        logger.info("connection ended, its certificate is", extra={"device": device})

    def _state_of_files(self) -> list[tuple[str, int, int]]:
        found = []
        for name in ("ca.pem", "server.pem", "server.key", "crl.pem"):
            path = self._folder / name
            if path.is_file():
                facts = path.stat()
                found.append((name, facts.st_mtime_ns, facts.st_ino))
        return found


def check(lists: bytes, trusted: bytes) -> None:
    """Raises BadList unless `lists` holds one list of each authority in `trusted` (PEM), signed by it."""
    try:
        authorities = x509.load_pem_x509_certificates(trusted)
        found = [x509.load_pem_x509_crl(block + END + b"\n") for block in lists.split(END)[:-1]]
        for authority in authorities:
            mine = [each for each in found if each.issuer == authority.subject]
            key = authority.public_key()
            if not mine or not all(each.is_signature_valid(key) for each in mine):  # type: ignore[arg-type]  # CA keys
                raise BadList(f"there is no list signed by {authority.subject.rfc4514_string()}")
    except (ValueError, TypeError) as error:
        raise BadList(f"cannot be read: {error}") from error


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(content)
    draft.chmod(0o644)
    os.replace(draft, path)
