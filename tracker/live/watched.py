"""One environment that somebody watches: its sockets, the newest fix of each device, its snapshot.

The rule that keeps markers from going backwards: subscribe first, read the database second, and let the
newer of the two speak for each device. Only a correction goes back: a late fix proved the place before wrong.
All of it happens on one event loop without an `await` in between,
so no change can fall between a snapshot and the changes after it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from tracker.live.frames import Change
from tracker.live.mailbox import Mailbox

REUSE_S = 2.0  # sockets that arrive together share one read of the database


class DeviceRow(NamedTuple):
    """A device as the database has it, already JSON."""

    device_id: str
    recorded_at: int | None  # epoch milliseconds; None when it never had a position
    text: str


Load = Callable[[int], Awaitable[list[DeviceRow]]]


class Subscriber:
    """One socket: where it looks, what it is owed, and how to send to it."""

    def __init__(self, environment_id: int, user_id: int, send: Callable[[str], Awaitable[None]]) -> None:
        self.environment_id = environment_id
        self.user_id = user_id
        self.send = send
        self.mailbox = Mailbox()
        self.wake = asyncio.Event()
        self.snapshot_due = True
        self.seq = 0
        self.sent_at = 0.0  # loop time of the last frame

    def put(self, change: Change) -> None:
        self.mailbox.put(change)
        self.wake.set()

    def ask_snapshot(self) -> None:
        """Changes may have been missed: begin again from a snapshot."""
        self.snapshot_due = True
        self.wake.set()


class Watched:
    """The shared state of one environment while it has sockets."""

    def __init__(self, environment_id: int, load: Load) -> None:
        self.environment_id = environment_id
        self.subscribers: set[Subscriber] = set()
        self._load = load
        self._newest: dict[str, Change] = {}
        self._removed: set[str] = set()
        self._read: asyncio.Task[list[DeviceRow]] | None = None
        self._read_began = 0.0
        self._corrections = 0  # how many came in, now and when the read began
        self._read_corrections = 0

    def apply(self, change: Change) -> bool:
        """Take in a published change; False when it is older than what is known and nobody should see it."""
        device, known = change.device_id, self._newest.get(change.device_id)
        if change.removed:
            self._newest.pop(device, None)
            self._removed.add(device)
            self.forget_read()
        elif change.recorded_at is None:
            if known is not None:
                self._newest[device] = known._replace(name=change.name)
            self.forget_read()
        else:
            if device in self._removed and change.name is None:
                return False  # the batch was under way when the device was deleted
            if change.corrected:
                self._corrections += 1
            elif known is not None and (known.recorded_at or 0) > change.recorded_at:
                return False
            self._removed.discard(device)
            name = change.name if change.name is not None or known is None else known.name
            self._newest[device] = change._replace(name=name)
        for subscriber in self.subscribers:
            subscriber.put(change)
        return True

    def forget_read(self) -> None:
        """The next snapshot must not rest on a read begun before now."""
        self._read = None

    async def snapshot(self) -> list[str]:
        """Every device as JSON, at least as new as each change applied before this returns."""
        rows: list[DeviceRow] | None = None
        # a read begun before a correction may hold the place that was wrong, and looks newer
        while rows is None or self._read_corrections != self._corrections:
            now = asyncio.get_running_loop().time()
            stale = now - self._read_began > REUSE_S or self._read_corrections != self._corrections
            if self._read is None or stale or _failed(self._read):
                self._read = asyncio.create_task(_run(self._load, self.environment_id))
                self._read_began, self._read_corrections = now, self._corrections
            rows = await asyncio.shield(self._read)
        return self._merge(rows)

    def _merge(self, rows: list[DeviceRow]) -> list[str]:
        texts, unseen = [], dict(self._newest)
        for row in rows:
            if row.device_id in self._removed:
                continue
            newest = unseen.pop(row.device_id, None)
            if newest is not None and (newest.recorded_at or 0) > (row.recorded_at or 0):
                texts.append(_overlay(row.text, newest.text))
                continue
            texts.append(row.text)
            if row.recorded_at is not None:
                # committed, perhaps not yet published: an older fix that comes late must not turn the marker
                self._newest[row.device_id] = Change(row.device_id, row.recorded_at, None, False, row.text)
        # registered after the read began; one without a name was deleted, and its removal is on the way
        texts.extend(_named(change) for change in unseen.values() if change.name is not None)
        return texts


async def _run(load: Load, environment_id: int) -> list[DeviceRow]:
    return await load(environment_id)


def _failed(task: "asyncio.Task[list[DeviceRow]]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _named(change: Change) -> str:
    return _overlay(msgspec.json.encode({"id": change.device_id, "name": change.name}).decode(), change.text)


def _overlay(row: str, change: str) -> str:
    merged: dict[str, Any] = {**msgspec.json.decode(row), **msgspec.json.decode(change)}
    return msgspec.json.encode(merged).decode()
