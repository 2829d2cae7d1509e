"""`var/milepost.env`: the generated secrets and the addresses of the services, which every process reads.

An operator's own settings stand in `.env` of the checkout (or in the environment of `make run`) and win over defaults.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from box.place import Place
from box.say import Refusal
from box.templates import write_if_changed

DEFAULT_PORT = 8000
DEFAULT_MQTT_PORT = 18883
DEFAULT_MQTT_TLS_PORT = 8883
SECRETS = (
    "MILEPOST_SECRET_KEY",
    "MILEPOST_KEY_SIGNING_SECRETS",
    "MILEPOST_OWNER_PASSWORD",
    "MILEPOST_APP_PASSWORD",
    "MILEPOST_EDGE_PASSWORD",
    "MILEPOST_MQTT_PASSWORD",
    "MILEPOST_MQTT_KEEPER_PASSWORD",
)
# where this stack stands is not for the environment to say
DERIVED = ("MILEPOST_STATE_DIR", "MILEPOST_ENV_FILE")
HEADER = """\
# Written by `make run`; readable by its owner only. Your own settings go in .env of the checkout (see .env.example).
"""


@dataclass(frozen=True)
class Settings:
    """The merged settings of a stack, as text by variable name."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def number(self, name: str) -> int:
        """A whole number of 0 or more; raises `Refusal` that names the variable."""
        text = self.values[name]
        if not text.isdecimal():
            raise Refusal(f"{name} must be a whole number, not {text!r}", next_step=f"set {name} to a number")
        return int(text)


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; comments and blank lines are skipped, a missing file is empty."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip()
    return found


def merged_settings(place: Place, given: Mapping[str, str], *, fixed: Mapping[str, str]) -> Settings:
    """Secrets kept from the last run or made now, then defaults, the kept ports, `.env`, the environment, `fixed`.

    A port chosen once stays chosen: a later plain `make run` must find the same address.
    """
    kept = read_env_file(place.env_file)
    made = {name: kept.get(name) or secrets.token_urlsafe(48) for name in SECRETS}
    sticky = {
        name: kept[name]
        for name in ("MILEPOST_PORT", "MILEPOST_MQTT_PORT", "MILEPOST_MQTT_TLS_PORT", "MILEPOST_LISTEN")
        if name in kept
    }
    chosen = {name: value for name, value in given.items() if name not in DERIVED and name not in SECRETS}
    values = _defaults(place) | sticky | chosen | dict(fixed) | made
    if "MILEPOST_BASE_URL" not in values:
        values["MILEPOST_BASE_URL"] = (
            f"http://{_reachable_host(values['MILEPOST_LISTEN'])}:{values['MILEPOST_PORT']}"
        )
    if "MILEPOST_ALLOWED_HOSTS" not in values:
        host = values["MILEPOST_BASE_URL"].split("//")[-1].split("/")[0].rsplit(":", 1)[0]
        values["MILEPOST_ALLOWED_HOSTS"] = ",".join(dict.fromkeys([host, "127.0.0.1", "localhost", "[::1]"]))
    values.setdefault(
        "MILEPOST_MQTT_PUBLIC_HOST", urlsplit(values["MILEPOST_BASE_URL"]).hostname or "localhost"
    )
    return Settings(values | _addresses(place, values))


def operator_settings(project: Path) -> dict[str, str]:
    """What the operator asked for: `.env` of the checkout, and MILEPOST_ variables of this environment over it."""
    wanted = read_env_file(project / ".env")
    wanted |= {name: value for name, value in os.environ.items() if name.startswith("MILEPOST_")}
    return {name: value for name, value in wanted.items() if value}


def write_settings(place: Place, settings: Settings) -> None:
    """Write the file, 0600."""
    lines = [f"{name}={value}" for name, value in sorted(settings.values.items())]
    write_if_changed(place.env_file, HEADER + "\n".join(lines) + "\n", mode=0o600)


def process_environment(place: Place, **more: str) -> dict[str, str]:
    """The environment of our processes: the caller's without its Milepost and Python settings, and the file's name."""
    dropped = ("MILEPOST_", "PYTHON", "VIRTUAL_ENV", "DJANGO_", "PYTEST_", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {
        "MILEPOST_ENV_FILE": str(place.env_file),
        "MILEPOST_STATE_DIR": str(place.state),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def _defaults(place: Place) -> dict[str, str]:
    return {
        "MILEPOST_DEFAULT_PLAN": "starter",  # pay per use, with room for a demonstration
        "MILEPOST_PORT": str(DEFAULT_PORT),
        "MILEPOST_LISTEN": "127.0.0.1",
        "MILEPOST_MQTT_HOST": "127.0.0.1",
        "MILEPOST_MQTT_PORT": str(DEFAULT_MQTT_PORT),
        "MILEPOST_MQTT_TLS_PORT": str(DEFAULT_MQTT_TLS_PORT),
        "MILEPOST_CA_CERT": str(place.state / "ca" / "ca.pem"),
        "MILEPOST_CA_KEY": str(place.state / "ca" / "ca.key"),
        "MILEPOST_STREAM_LANES": "4",
        "MILEPOST_EDGE_WORKERS": "2",
        "MILEPOST_WEB_WORKERS": "2",
        "MILEPOST_CONSUMERS": "2",
        "MILEPOST_FLEET_DEVICES": "25",
        "MILEPOST_DEBUG": "0",
        "MILEPOST_LOG_LEVEL": "INFO",
    }


def _addresses(place: Place, values: Mapping[str, str]) -> dict[str, str]:
    sockets = quote(str(place.run / "pg"), safe="")
    redis = place.run / "redis" / "redis.sock"

    def database(role: str) -> str:
        password = values[f"MILEPOST_{role.upper()}_PASSWORD"]
        return f"postgresql://milepost_{role}:{password}@/milepost?host={sockets}&port=5432"

    return {
        "MILEPOST_STATE_DIR": str(place.state),
        "MILEPOST_ENV_FILE": str(place.env_file),
        "MILEPOST_DATABASE_URL": database("app"),
        "MILEPOST_OWNER_DATABASE_URL": database("owner"),
        "MILEPOST_EDGE_DATABASE_URL": database("edge"),
        "MILEPOST_REDIS_URL": f"unix://{redis}?db=0",
        "MILEPOST_CELERY_URL": f"redis+socket://{redis}?virtual_host=1",
        "MILEPOST_CACHE_URL": f"unix://{redis}?db=2",
        "MILEPOST_EDGE_SOCKET": str(place.run / "app" / "edge.sock"),
        "MILEPOST_WEB_SOCKET": str(place.run / "app" / "web.sock"),
        "MILEPOST_LIVE_SOCKET": str(place.run / "app" / "live.sock"),
        "MILEPOST_MQTT_USERNAME": "bridge",
        "MILEPOST_MQTT_KEEPER_USERNAME": "keeper",
        "MILEPOST_BROKER_DIR": str(place.state / "broker"),
    }


def _reachable_host(listen: str) -> str:
    """The host a browser or a phone types: this machine's address where we listen on all of them."""
    if listen not in {"0.0.0.0", "::"}:
        return listen
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: chooses a route, sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
