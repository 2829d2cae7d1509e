"""The private MQTT broker: devices over TLS with a certificate, the bridge over the loopback by password."""

import base64
import hashlib
import socket
from urllib.parse import urlsplit

from box.place import Place
from box.programs import Program
from box.say import run_logged
from box.settings_file import Settings, process_environment
from box.templates import render, write_if_changed
from box.users import as_account, give_file, own_folder, service_account

ROUNDS = 10_000


class Mosquitto:
    """One broker in a stack's state folder."""

    def __init__(self, place: Place, settings: Settings) -> None:
        self._place = place
        self._settings = settings
        self._port = settings.number("MILEPOST_MQTT_PORT")
        self._account = service_account("mosquitto")
        self._conf = place.conf / "mosquitto.conf"
        self._passwords = place.conf / "mosquitto.passwords"
        self._rights = place.conf / "mosquitto.acl"
        self._device_rights = place.conf / "mosquitto-devices.acl"

    def prepare(self) -> None:
        """Folders, certificates, configuration, hashed passwords, rights."""
        settings = self._settings
        folder = own_folder(self._place.state / "mosquitto", self._account, 0o700)
        users = {
            settings["MILEPOST_MQTT_USERNAME"]: settings["MILEPOST_MQTT_PASSWORD"],
            settings["MILEPOST_MQTT_KEEPER_USERNAME"]: settings["MILEPOST_MQTT_KEEPER_PASSWORD"],
        }
        lines = [f"{user}:{hashed(password)}\n" for user, password in users.items()]
        write_if_changed(self._passwords, "".join(lines), mode=0o600)
        write_if_changed(self._rights, render("mosquitto.acl"), mode=0o600)
        write_if_changed(self._device_rights, render("mosquitto-devices.acl"), mode=0o600)
        for path in (self._passwords, self._rights, self._device_rights):
            give_file(path, self._account, 0o600)
        self._prepare_certificates()
        text = render(
            "mosquitto.conf",
            port=self._port,
            tls_port=settings.number("MILEPOST_MQTT_TLS_PORT"),
            listen=settings["MILEPOST_LISTEN"],
            passwords=str(self._passwords),
            rights=str(self._rights),
            device_rights=str(self._device_rights),
            broker=settings["MILEPOST_BROKER_DIR"],
            folder=str(folder),
        )
        write_if_changed(self._conf, text)

    def _prepare_certificates(self) -> None:
        """The authority and the broker's own certificate; both are kept while they are good."""
        settings, place = self._settings, self._place
        names = [word for name in broker_names(settings) for word in ("--name", name)]
        ours = settings["MILEPOST_CA_CERT"] == str(place.state / "ca" / "ca.pem")
        run_logged(
            [str(place.venv_python), "-m", "tracker.certificates.broker_files",
             "--certificates", settings["MILEPOST_CA_CERT"], "--keys", settings["MILEPOST_CA_KEY"],
             "--folder", settings["MILEPOST_BROKER_DIR"], *names, *([] if ours else ["--given"])],
            place.logs / "setup-certificates.log",
            failed="the certificate authority cannot be used",
            next_step="mend what it says (MILEPOST_CA_CERT, MILEPOST_CA_KEY), then make run",
            env=process_environment(place),
            cwd=place.project,
        )  # fmt: skip
        give_file(place.state / "broker" / "server.key", self._account, 0o600)

    def program(self) -> Program:
        """The broker under its keeper under the supervisor. The broker ends when its keeper is killed."""
        broker = ["setpriv", "--pdeathsig", "TERM", "--", "/usr/sbin/mosquitto", "-c", str(self._conf)]
        keeper = [str(self._place.venv_python), "-m", "ingest_lambda.broker"]
        return Program(
            name="mosquitto",
            command=(*keeper, *as_account(self._account, broker)),
            priority=10,
            watched=(
                self._conf,
                self._passwords,
                self._rights,
                self._device_rights,
                # of the code its keeper's alone: a restart cuts every device
                self._place.project / "ingest_lambda" / "broker",
            ),
        )

    def ready(self) -> bool:
        """Whether the port takes connections."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=2):
                return True
        except OSError:
            return False


def broker_names(settings: Settings) -> list[str]:
    """The names under which devices may reach the broker: the public one, the web address, this machine's own."""
    web = urlsplit(settings["MILEPOST_BASE_URL"]).hostname or "localhost"
    return list(dict.fromkeys([settings["MILEPOST_MQTT_PUBLIC_HOST"], web, "localhost", "127.0.0.1", "::1"]))


def hashed(password: str) -> str:
    """Mosquitto's PBKDF2 form. The salt follows from our long random password, so the file is the same every time."""
    salt = hashlib.sha256(b"milepost mosquitto salt" + password.encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
