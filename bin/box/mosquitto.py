"""The private MQTT broker: loopback only, by password, each user with its own rights."""

import base64
import hashlib
import socket

from box.place import Place
from box.programs import Program
from box.settings_file import Settings
from box.templates import render, write_if_changed
from box.users import give_file, own_folder, service_account

ROUNDS = 10_000


class Mosquitto:
    """One broker in a stack's state folder."""

    def __init__(self, place: Place, port: int) -> None:
        self._place = place
        self._port = port
        self._account = service_account("mosquitto")
        self._conf = place.conf / "mosquitto.conf"
        self._passwords = place.conf / "mosquitto.passwords"
        self._rights = place.conf / "mosquitto.acl"

    def prepare(self, settings: Settings) -> None:
        """Folders, configuration, hashed passwords, rights."""
        folder = own_folder(self._place.state / "mosquitto", self._account, 0o700)
        users = {
            settings["MILEPOST_MQTT_USERNAME"]: settings["MILEPOST_MQTT_PASSWORD"],
            settings["MILEPOST_MQTT_LOCAL_USERNAME"]: settings["MILEPOST_MQTT_LOCAL_PASSWORD"],
        }
        lines = [f"{user}:{hashed(password)}\n" for user, password in users.items()]
        write_if_changed(self._passwords, "".join(lines), mode=0o600)
        write_if_changed(self._rights, render("mosquitto.acl"), mode=0o600)
        for path in (self._passwords, self._rights):
            give_file(path, self._account, 0o600)
        text = render(
            "mosquitto.conf",
            port=self._port,
            passwords=str(self._passwords),
            rights=str(self._rights),
            folder=str(folder),
        )
        write_if_changed(self._conf, text)

    def program(self) -> Program:
        """The broker under the supervisor."""
        return Program(
            name="mosquitto",
            command=("/usr/sbin/mosquitto", "-c", str(self._conf)),
            priority=10,
            account=self._account,
            service=True,
            watched=(self._conf, self._passwords, self._rights),
        )

    def ready(self) -> bool:
        """Whether the port takes connections."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=2):
                return True
        except OSError:
            return False


def hashed(password: str) -> str:
    """Mosquitto's PBKDF2 form. The salt follows from our long random password, so the file is the same every time."""
    salt = hashlib.sha256(b"milepost mosquitto salt" + password.encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
