"""What travels on the live channel: the changes that Redis brings in, the JSON frames that go out.

A device's JSON is cut out of the incoming message once and shared, as text, by every socket that sends it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

CHUNK_DEVICES = 2_000  # one snapshot frame stays near half a megabyte


class Change(NamedTuple):
    """One device's news, decoded just far enough to sort it."""

    device_id: str
    recorded_at: int | None  # epoch milliseconds; None in a bare rename or removal
    name: str | None  # present when the device was registered in this batch, or renamed
    removed: bool
    text: str  # the JSON object as published
    corrected: bool = False  # a late fix proved the place before wrong: this one counts even if it is older


class _Head(msgspec.Struct):
    id: str
    recorded_at: int | None = None
    name: str | None = None
    removed: bool = False
    corrected: bool = False


_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = msgspec.json.Decoder(_Head)


def channel_of(environment_id: int) -> str:
    """The Redis channel on which an environment's changes are published."""
    return f"live:{environment_id}"


def parse_message(payload: bytes) -> list[Change]:
    """The changes in one published message; raises msgspec.MsgspecError for anything else."""
    changes = []
    for raw in _ITEMS.decode(payload):
        head = _HEAD.decode(raw)
        text = str(raw, "utf-8")
        changes.append(Change(head.id, head.recorded_at, head.name, head.removed, text, head.corrected))
    return changes


def snapshot_frames(devices: Sequence[str], *, server_time_ms: int) -> Iterable[str]:
    """Everything there is, in chunks; only the last is complete, and there is always a last one."""
    for start in range(0, max(len(devices), 1), CHUNK_DEVICES):
        part = ",".join(devices[start : start + CHUNK_DEVICES])
        complete = "true" if start + CHUNK_DEVICES >= len(devices) else "false"
        yield (
            f'{{"type":"snapshot","seq":0,"server_time":{server_time_ms},"complete":{complete},"devices":[{part}]}}'
        )


def changes_frame(seq: int, devices: Iterable[str], removed: Sequence[str], *, server_time_ms: int) -> str:
    """What changed since the frame before, each device once. The reader applies removals first."""
    gone = msgspec.json.encode(removed).decode()
    return (
        f'{{"type":"changes","seq":{seq},"server_time":{server_time_ms},'
        f'"removed":{gone},"devices":[{",".join(devices)}]}}'
    )


def tick_frame(seq: int, *, server_time_ms: int) -> str:
    """Nothing changed, and the line is alive."""
    return f'{{"type":"tick","seq":{seq},"server_time":{server_time_ms}}}'
