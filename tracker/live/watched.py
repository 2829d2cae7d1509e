"""One environment that somebody watches: its sockets, the newest fix of each device, its snapshot.

The rule that keeps markers from going backwards: subscribe first, read the database second, and let the
newer of the two speak for each device. Only a correction goes back: a late fix proved the place before wrong.
All of it happens on one event loop without an `await` in between,
so no change can fall between a snapshot and the changes after it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tracker.live.frames import NOWHERE, AlertNews, Change, Notice, as_text, merged
from tracker.live.mailbox import facts_in
from tracker.live.sockets import Group, Groups, SightIds, Subscriber

REUSE_S = 2.0  # sockets that arrive together share one read of the database
STANDING = (
    "name",
    "external_id",
    "hub",
    "risk",
    "offline_after_s",
)  # facts that a new position does not repeat


class DeviceRow(NamedTuple):
    """A device as the database has it, already JSON."""

    device_id: str
    recorded_at: int | None  # epoch milliseconds; None when it never had a position
    text: str
    zones: frozenset[str] = NOWHERE  # public ids of the geofences it is inside


Load = Callable[[int], Awaitable[list[DeviceRow]]]


@dataclass(frozen=True)
class _Reading:
    """A read of the database, and how much news had come in when it began."""

    task: "asyncio.Task[list[DeviceRow]]"
    began: float
    corrections: int
    told: int

    @property
    def failed(self) -> bool:
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


class Watched:
    """The shared state of one environment while it has sockets."""

    def __init__(
        self,
        environment_id: int,
        load: Load,
        *,
        gap: Callable[[], float] = lambda: 0.25,
        facts: Counter[str] | None = None,
    ) -> None:
        self.environment_id = environment_id
        self.subscribers: set[Subscriber] = set()
        self._groups = Groups(gap, Counter() if facts is None else facts)
        self._load = load
        self._newest: dict[str, Change] = {}
        self._zones: dict[str, frozenset[str]] = {}  # as the groups have been told
        self._rows: dict[str, str] = {}
        self._told: dict[str, dict[str, Any]] = {}  # facts without a position since the last whole read
        self._removed: set[str] = set()
        self._reading: _Reading | None = None
        self._corrections = 0  # how many came in
        self._count = 0  # how much of anything came in
        self._merged: tuple[_Reading, int, list[tuple[str, str]]] | None = None

    def join(self, subscriber: Subscriber) -> None:
        """One more socket."""
        self.subscribers.add(subscriber)
        self._groups.join(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """A socket less."""
        self.subscribers.discard(subscriber)
        self._groups.leave(subscriber)

    def limit(self, subscriber: Subscriber, sight: SightIds) -> None:
        """A socket sees something else from now on: nothing that waits for it counts, and it begins anew."""
        self._groups.leave(subscriber)
        subscriber.sight = sight
        subscriber.forget()
        self._groups.join(subscriber)
        subscriber.ask_snapshot()

    def apply(self, change: Change) -> bool:
        """Take in a published change; False when it is older than what is known and nobody should see it."""
        self._count += 1
        if change.removed:
            self._remove(change)
        elif change.recorded_at is None:
            return self._tell_facts(change)
        else:
            return self._tell_fix(change)
        return True

    def tell_alert(self, alert: AlertNews) -> None:
        """Of a device in sight, or of a geofence in sight: that something left it is news of the geofence."""
        zones = self._zones.get(alert.device_id, NOWHERE)
        groups = self._groups.seeing(zones | {alert.geofence_id} if alert.geofence_id else zones)
        if (everything := self._groups.all_seeing) is not None:
            groups.add(everything)
        for group in groups:
            group.pending.put_alert(alert.alert_id, alert.text)
            group.stir()

    def tell_geofences(self, version: int) -> None:
        """A version of the geofences is in force soon."""
        for group in self._groups:
            group.pending.put_geofences(version)
            group.stir()

    def tell_notice(self, notice: Notice) -> None:
        """Something that pages read again, for those who see one of its geofences."""
        groups = self._groups.seeing(notice.zones)
        if (everything := self._groups.all_seeing) is not None:
            groups.add(everything)
        for group in groups:
            group.pending.put_notice(notice.key, notice.text)
            group.stir()

    def forget_read(self) -> None:
        """The next snapshot must not rest on a read begun before now."""
        self._reading = None

    async def snapshot(self, sight: SightIds = None) -> list[str]:
        """Every device in sight as JSON, at least as new as each change applied before this returns."""
        while True:
            reading = self._reading_now()
            rows = await asyncio.shield(reading.task)
            # a read begun before a correction may hold the place that was wrong, and looks newer
            if reading.corrections == self._corrections:
                break
        texts = self._merge(reading, rows)
        if sight is None:
            return [text for _, text in texts]
        return [text for device, text in texts if not self._zones.get(device, NOWHERE).isdisjoint(sight)]

    def _remove(self, change: Change) -> None:
        device = change.device_id
        self._newest.pop(device, None)
        self._rows.pop(device, None)
        self._told.pop(device, None)
        before = self._zones.pop(device, NOWHERE)
        self._removed.add(device)
        self.forget_read()
        self._tell(change, before, before)

    def _tell_facts(self, change: Change) -> bool:
        device, known = change.device_id, self._newest.get(change.device_id)
        before = after = self._zones.get(device, NOWHERE)
        if device in self._removed:
            return False
        if change.zones is not None:
            if known is not None and (known.recorded_at or 0) > (change.as_of or 0):
                return False  # a newer fix has said in which zones it lies
            after = self._zones[device] = change.zones
            self._corrections += 1  # a read under way may hold what was believed before
        facts = {name: value for name, value in facts_in(change).items() if name != "zones"}
        self._told.setdefault(device, {}).update(facts)
        if known is not None and change.name is not None:
            self._newest[device] = known._replace(name=change.name)
        self.forget_read()
        self._tell(change, before, after)
        return True

    def _tell_fix(self, change: Change) -> bool:
        device, known = change.device_id, self._newest.get(change.device_id)
        if device in self._removed and change.name is None:
            return False  # the batch was under way when the device was deleted
        if change.corrected:
            self._corrections += 1
        elif known is not None and (known.recorded_at or 0) > (change.recorded_at or 0):
            return False
        self._removed.discard(device)
        name = change.name if change.name is not None or known is None else known.name
        self._newest[device] = change._replace(name=name)
        before, after = self._zones.get(device, NOWHERE), change.zones or NOWHERE
        self._zones[device] = after
        self._tell(change, before, after)
        return True

    def _tell(self, change: Change, before: frozenset[str], after: frozenset[str]) -> None:
        if (everything := self._groups.all_seeing) is not None:
            everything.pending.put(change)
            everything.stir()
        if not self._groups.limited:
            return
        for group in self._groups.seeing(before | after):
            self._tell_limited(group, change, was=group.sees(before), seen=group.sees(after))

    def _tell_limited(self, group: Group, change: Change, *, was: bool, seen: bool) -> None:
        device = change.device_id
        if was and seen:
            group.pending.put(change)
        elif seen:  # it comes into sight: whole, for these readers know nothing of it
            whole = self._whole(device)
            group.pending.enter(
                device, as_text(whole), {name: whole[name] for name in STANDING if name in whole}
            )
        else:
            group.pending.remove(device)
        group.stir()

    def _whole(self, device: str) -> dict[str, Any]:
        newest = self._newest.get(device)
        whole = merged(
            self._rows.get(device, "{}"), '{"zones":[]}', newest.text if newest is not None else "{}"
        )
        named = {"name": newest.name} if newest is not None and newest.name is not None else {}
        zones = sorted(self._zones.get(device, NOWHERE))
        return {**whole, "id": device, **named, **self._told.get(device, {}), "zones": zones}

    def _reading_now(self) -> _Reading:
        now, reading = asyncio.get_running_loop().time(), self._reading
        if (
            reading is None
            or reading.failed
            or now - reading.began > REUSE_S
            or reading.corrections != self._corrections
        ):
            task = asyncio.create_task(_run(self._load, self.environment_id))
            reading = self._reading = _Reading(task, now, self._corrections, self._count)
        return reading

    def _merge(self, reading: _Reading, rows: list[DeviceRow]) -> list[tuple[str, str]]:
        if self._merged is not None and self._merged[:2] == (reading, self._count):
            return self._merged[2]
        if reading.told == self._count:
            self._told.clear()  # the read began after all of it
        unseen = dict(self._newest)
        self._rows = {row.device_id: row.text for row in rows if row.device_id not in self._removed}
        texts = [
            (row.device_id, self._shown(row, unseen.pop(row.device_id, None)))
            for row in rows
            if row.device_id not in self._removed
        ]
        # registered after the read began; one without a name was deleted, and its removal is on the way
        texts.extend(
            (device, as_text(self._whole(device))) for device, c in unseen.items() if c.name is not None
        )
        self._merged = (reading, self._count, texts)
        return texts

    def _shown(self, row: DeviceRow, newest: Change | None) -> str:
        device, told = row.device_id, self._told.get(row.device_id)
        if newest is not None and (newest.recorded_at or 0) > (row.recorded_at or 0):
            return as_text(self._whole(device))
        if row.recorded_at is not None:
            # committed, perhaps not yet published: an older fix that comes late must not turn the marker
            self._newest[device] = Change(device, row.recorded_at, None, False, row.text, False, row.zones)
        before = self._zones.get(device, row.zones)
        self._zones[device] = row.zones
        if before != row.zones and self._groups.limited:  # whoever began before this read must hear of it
            for group in self._groups.seeing(before | row.zones):
                if group.sees(before) != group.sees(row.zones):
                    self._tell_limited(group, Change(device, None, None, False, row.text),
                                       was=group.sees(before), seen=group.sees(row.zones))  # fmt: skip
        return row.text if told is None else as_text({**merged(row.text), **told})


async def _run(load: Load, environment_id: int) -> list[DeviceRow]:
    return await load(environment_id)
