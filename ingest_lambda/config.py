"""The edge's settings: the environment, read once into one frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

import msgspec

# os.path and not pathlib, a struct and not a dataclass: a function's cold start pays for every import of this file
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

MAX_BODY_BYTES = 1024 * 1024


class BadSetting(Exception):
    """A variable of the environment that is missing or makes no sense; the message names it."""


_HIDDEN = {"key_signing_secrets", "redis_url", "database_url", "mqtt_password", "mqtt_keeper_password"}


class Config(msgspec.Struct, frozen=True):
    """Everything the processes of the edge may ask for. Secrets and URLs stay out of `repr`."""

    key_signing_secrets: tuple[bytes, ...]
    redis_url: str
    database_url: str
    stream_url: str  # kinesis://REGION/STREAM; empty: the stream is the Redis above
    registration_stream_url: str  # the same for registrations; empty: they share the stream of positions
    lanes: int
    edge_socket: str
    edge_host: str
    edge_port: int
    consumers: int
    mqtt_host: str
    mqtt_port: int
    mqtt_username: str
    mqtt_password: str
    log_level: str
    max_body_bytes: int = MAX_BODY_BYTES
    mqtt_keeper_username: str = "keeper"
    mqtt_keeper_password: str = ""
    broker_dir: str = ""  # what Mosquitto reads: trusted authorities, its own certificate, revocations
    park_storms: bool = (
        False  # let nearly-everything-fails go to the dead letters instead of holding the lane
    )
    record_age_s: int = 0  # Kinesis on this machine: records older than this go to the folder below; 0: never
    failed_batches: str = ""  # a folder, or s3://BUCKET/PREFIX

    def __repr__(self) -> str:
        shown = [name for name in self.__struct_fields__ if name not in _HIDDEN]
        return f"Config({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def load(environ: MutableMapping[str, str] | None = None) -> Config:
    """The settings of this process. Raises BadSetting.

    Variables missing from `environ` (by default the process's own) are first taken from the env file that
    `make run` writes, when it exists, as Django's settings do.
    """
    environ = os.environ if environ is None else environ
    state_dir = environ.get("MILEPOST_STATE_DIR") or os.path.join(PROJECT, "var")
    _load_env_file(environ.get("MILEPOST_ENV_FILE") or os.path.join(state_dir, "milepost.env"), environ)
    return Config(
        key_signing_secrets=_secrets(environ),
        redis_url=environ.get("MILEPOST_REDIS_URL") or "redis://127.0.0.1:6379/0",
        database_url=environ.get("MILEPOST_EDGE_DATABASE_URL") or "postgresql:///milepost",
        stream_url=_stream_url(environ, "MILEPOST_STREAM_URL"),
        registration_stream_url=_stream_url(environ, "MILEPOST_REGISTRATION_STREAM_URL"),
        lanes=_whole(environ, "MILEPOST_STREAM_LANES", 4, at_least=1),
        edge_socket=environ.get("MILEPOST_EDGE_SOCKET") or "",
        edge_host=environ.get("MILEPOST_EDGE_HOST") or "127.0.0.1",
        edge_port=_whole(environ, "MILEPOST_EDGE_PORT", 8010, at_least=1),
        consumers=_whole(environ, "MILEPOST_CONSUMERS", 2, at_least=1),
        mqtt_host=environ.get("MILEPOST_MQTT_HOST") or "127.0.0.1",
        mqtt_port=_whole(environ, "MILEPOST_MQTT_PORT", 1883, at_least=1),
        mqtt_username=environ.get("MILEPOST_MQTT_USERNAME") or "",
        mqtt_password=environ.get("MILEPOST_MQTT_PASSWORD") or "",
        mqtt_keeper_username=environ.get("MILEPOST_MQTT_KEEPER_USERNAME") or "keeper",
        mqtt_keeper_password=environ.get("MILEPOST_MQTT_KEEPER_PASSWORD") or "",
        broker_dir=environ.get("MILEPOST_BROKER_DIR") or os.path.join(state_dir, "broker"),
        log_level=level(environ),
        park_storms=environ.get("MILEPOST_PARK_STORMS") == "1",
        record_age_s=_whole(environ, "MILEPOST_RECORD_AGE_S", 0, at_least=0),
        failed_batches=environ.get("MILEPOST_FAILED_BATCHES") or os.path.join(state_dir, "failed-batches"),
    )


def _load_env_file(path: str, environ: MutableMapping[str, str]) -> None:
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            environ.setdefault(name.strip(), value.strip())


def _secrets(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    words = environ.get("MILEPOST_KEY_SIGNING_SECRETS", "").split(",")
    secrets = tuple(word.strip().encode() for word in words if word.strip())
    if not secrets:
        raise BadSetting("MILEPOST_KEY_SIGNING_SECRETS is not set: without it no key can be verified")
    return secrets


def _stream_url(environ: Mapping[str, str], name: str) -> str:
    url = environ.get(name) or ""
    if url in {"", "redis"}:
        return ""
    if not url.startswith("kinesis://"):
        raise BadSetting(f"{name} must be kinesis://REGION/STREAM, or redis, not {url!r}")
    return url


def _whole(environ: Mapping[str, str], name: str, default: int, *, at_least: int) -> int:
    text = environ.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {text!r}") from None
    if value < at_least:
        raise BadSetting(f"{name} must be {at_least} or more, not {value}")
    return value


def level(environ: Mapping[str, str]) -> str:
    """The level of the log, also for a function that needs nothing else of this file. Raises BadSetting."""
    name = (environ.get("MILEPOST_LOG_LEVEL") or "INFO").upper()
    if name not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise BadSetting(f"MILEPOST_LOG_LEVEL must be a level such as INFO, not {name!r}")
    return name
