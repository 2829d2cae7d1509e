"""What travels on the live channel: the news that Redis brings in, the JSON frames that go out.

A device's JSON is cut out of the incoming message once and shared, as text, by every socket that sends it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

CHUNK_DEVICES = 2_000  # one snapshot frame stays near half a megabyte
NOWHERE: frozenset[str] = frozenset()


class Change(NamedTuple):
    """One device's news, decoded just far enough to sort it."""

    device_id: str
    recorded_at: int | None  # epoch milliseconds; None where the news is no position: see `as_of`
    name: str | None  # present when the device was registered in this batch, or renamed
    removed: bool
    text: str  # the JSON object as published
    corrected: bool = False  # a late fix proved the place before wrong: this one counts even if it is older
    zones: frozenset[str] | None = None  # public ids; of a position None is in none, else None is not said
    as_of: int | None = None  # news of zones without a position: of which fix, epoch milliseconds


class AlertNews(NamedTuple):
    """An alert as it is now."""

    alert_id: str
    device_id: str
    geofence_id: str | None
    text: str  # the JSON object as published


class Notice(NamedTuple):
    """That something other than a device changed: pages that show it read it again."""

    key: str  # of notices with one key only the last counts
    zones: frozenset[str]  # public ids of the geofences it concerns; only who sees one of them is told
    text: str  # the JSON object as published


class News(NamedTuple):
    """What one published message holds."""

    changes: list[Change]
    alerts: list[AlertNews]
    geofences: int | None = None  # the version of the set that is in force soon
    notices: tuple[Notice, ...] = ()


class _Head(msgspec.Struct):
    id: str = ""
    recorded_at: int | None = None
    name: str | None = None
    removed: bool = False
    corrected: bool = False
    zones: list[str] | None = None
    as_of: int | None = None
    alert: msgspec.Raw = msgspec.Raw(b"")
    geofences: int | None = None
    notice: msgspec.Raw = msgspec.Raw(b"")
    notice_key: str = ""


class _Named(msgspec.Struct):
    id: str


class _AlertHead(msgspec.Struct):
    id: str
    device: _Named
    geofence: _Named | None = None


_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = msgspec.json.Decoder(_Head)
_ALERT = msgspec.json.Decoder(_AlertHead)


def channel_of(environment_id: int) -> str:
    """The Redis channel on which an environment's news is published."""
    return f"live:{environment_id}"


def parse_message(payload: bytes) -> News:
    """The news in one published message; raises msgspec.MsgspecError for anything else."""
    news = News([], [])
    for raw in _ITEMS.decode(payload):
        head = _HEAD.decode(raw)
        if head.id:
            news.changes.append(_change(head, str(raw, "utf-8")))
        elif head.alert:
            news.alerts.append(_alert(head.alert))
        elif head.geofences is not None:
            news = news._replace(geofences=head.geofences)
        elif head.notice_key:
            zones = frozenset(head.zones or ())
            told = Notice(head.notice_key, zones, str(head.notice, "utf-8"))
            news = news._replace(notices=(*news.notices, told))
        else:
            raise msgspec.ValidationError("an item is neither of a device nor an alert nor of geofences")
    return news


def _change(head: _Head, text: str) -> Change:
    zones = None if head.zones is None else frozenset(head.zones)
    return Change(head.id, head.recorded_at, head.name, head.removed, text, head.corrected, zones, head.as_of)


def _alert(raw: msgspec.Raw) -> AlertNews:
    head = _ALERT.decode(raw)
    return AlertNews(head.id, head.device.id, head.geofence.id if head.geofence else None, str(raw, "utf-8"))


def snapshot_frames(devices: Sequence[str], *, server_time_ms: int) -> Iterable[str]:
    """Everything there is, in chunks; only the last is complete, and there is always a last one."""
    for start in range(0, max(len(devices), 1), CHUNK_DEVICES):
        part = ",".join(devices[start : start + CHUNK_DEVICES])
        complete = "true" if start + CHUNK_DEVICES >= len(devices) else "false"
        yield (
            f'{{"type":"snapshot","seq":0,"server_time":{server_time_ms},"complete":{complete},"devices":[{part}]}}'
        )


def changes_body(devices: Iterable[str], removed: Iterable[str]) -> str:
    """What changed since the frame before, each device once. The reader applies removals first."""
    gone = msgspec.json.encode(list(removed)).decode()
    return f'"removed":{gone},"devices":[{",".join(devices)}]'


def frame(kind: str, seq: int, body: str = "", *, server_time_ms: int) -> str:
    """A frame behind the snapshot; `body` is its own part, made once for all sockets that send it."""
    rest = f",{body}" if body else ""
    return f'{{"type":"{kind}","seq":{seq},"server_time":{server_time_ms}{rest}}}'


def merged(*texts: str) -> dict[str, Any]:
    """The JSON objects laid over one another, the last on top."""
    whole: dict[str, Any] = {}
    for text in texts:
        whole.update(msgspec.json.decode(text))
    return whole


def as_text(value: Any) -> str:
    """Compact JSON."""
    return msgspec.json.encode(value).decode()
