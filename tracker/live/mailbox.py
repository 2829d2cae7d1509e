"""What is yet to be told: the latest of each device, however long a reader stalls.

Sockets that see the same share one mailbox that collects; each moment it is emptied into a Parcel, whose text is made
once. A socket whose reader is not ready keeps parcels in a mailbox of its own, where they become one.
"""

from functools import cached_property
from typing import Any

import msgspec

from tracker.live.frames import Change, as_text, changes_body, merged

MOST_ALERTS = 100  # waiting for one reader; one that missed more reads the list anew


class Parcel:
    """News of one moment, sealed: nothing in it changes any more, so sockets may share it and its text."""

    def __init__(
        self,
        fixes: dict[str, str],
        facts: dict[str, dict[str, Any]],
        removed: dict[str, None],
        corrected: frozenset[str],
        alerts: dict[str, str],
        geofences: int | None,
        alerts_missed: bool,
        notices: dict[str, str],
    ) -> None:
        self.fixes, self.facts, self.removed, self.corrected = fixes, facts, removed, corrected
        self.alerts, self.geofences, self.alerts_missed = alerts, geofences, alerts_missed
        self.notices = notices

    @property
    def devices(self) -> list[str]:
        """Each device once: its position with the facts that came beside it."""
        shown = self.fixes
        special = self.corrected | self.facts.keys()
        if special:
            shown = dict(shown)
            for device in sorted(special):
                shown[device] = self._one(device)
        return list(shown.values())

    def _one(self, device: str) -> str:
        whole = merged(self.fixes[device]) if device in self.fixes else {"id": device}
        # what overtook a correction in here may be older than what the reader still shows
        flag = {"corrected": True} if device in self.corrected else {}
        return as_text({**whole, **self.facts.get(device, {}), **flag})

    @cached_property
    def bodies(self) -> list[tuple[str, str]]:
        """(type, body) of each frame that tells it."""
        told = []
        if self.fixes or self.facts or self.removed:
            told.append(("changes", changes_body(self.devices, self.removed)))
        if self.geofences is not None:
            told.append(("geofences", f'"version":{self.geofences}'))
        if self.alerts_missed:
            told.append(("alerts_missed", ""))
        told.extend(("alert", f'"alert":{text}') for text in self.alerts.values())
        told.extend(("notice", f'"notice":{text}') for text in self.notices.values())
        return told


class Mailbox:
    """Pending news, conflated per device, so that its size is bounded by the number of devices.

    Facts that come without a position (a name, a risk) are kept apart from it: replacing one by the other would
    lose it.
    """

    def __init__(self) -> None:
        self.conflated = 0  # news that later news overtook before it was sent
        self._begin()

    def _begin(self) -> None:
        self._fixes: dict[str, str] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self._removed: dict[str, None] = {}
        self._corrected: set[str] = set()
        self._alerts: dict[str, str] = {}
        self._geofences: int | None = None
        self._alerts_missed = False
        self._notices: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(
            self._fixes or self._facts or self._removed or self._alerts or self._alerts_missed
            or self._geofences is not None or self._notices
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._fixes) + len(self._facts) + len(self._removed) + len(self._alerts)

    def put(self, change: Change) -> None:
        """Take in one change, forgetting what it makes stale."""
        device = change.device_id
        if change.removed:
            self.remove(device)
            return
        if change.recorded_at is None:
            self.add_facts(device, facts_in(change))
            return
        if device in self._fixes:
            self.conflated += 1
        if change.name is not None:  # the fix that registered it: a later fix must not take its name away
            self.add_facts(device, {"name": change.name})
        if change.corrected:
            self._corrected.add(device)
        self._put_fix(device, change.text)

    def remove(self, device: str) -> None:
        """The reader shall see the device no more. What comes after this adds it anew."""
        self._fixes.pop(device, None)
        self._facts.pop(device, None)
        self._corrected.discard(device)
        self._removed[device] = None

    def enter(self, device: str, text: str, facts: dict[str, Any]) -> None:
        """A device comes into sight, whole; `facts` are those that its next position will not repeat."""
        self._put_fix(device, text)
        self.add_facts(device, facts)

    def add_facts(self, device: str, facts: dict[str, Any]) -> None:
        """Facts of a device beside its position."""
        self._facts.setdefault(device, {}).update(facts)

    def put_alert(self, alert_id: str, text: str) -> None:
        """An alert as it is now. Of too many the oldest goes, and the reader is told to read the list anew."""
        self._alerts.pop(alert_id, None)
        self._alerts[alert_id] = text
        if len(self._alerts) > MOST_ALERTS:
            del self._alerts[next(iter(self._alerts))]
            self._alerts_missed = True

    def put_geofences(self, version: int) -> None:
        """A version of the geofences that is in force soon."""
        self._geofences = version

    def put_notice(self, key: str, text: str) -> None:
        """Something to read again: one reading will do for all notices of a key."""
        self._notices[key] = text

    def take(self) -> Parcel:
        """All of it; the mailbox is empty afterwards."""
        parcel = Parcel(
            self._fixes, self._facts, self._removed, frozenset(self._corrected),
            self._alerts, self._geofences, self._alerts_missed, self._notices,
        )  # fmt: skip
        self._begin()
        return parcel

    def merge(self, parcel: Parcel) -> None:
        """Take in what others have been told meanwhile."""
        for device in parcel.removed:
            self.remove(device)
        overtaken = len(self._fixes)
        if self._facts:
            for device in self._facts.keys() & parcel.fixes.keys():
                self._facts[device].pop("zones", None)
        self._fixes.update(parcel.fixes)
        self.conflated += overtaken + len(parcel.fixes) - len(self._fixes)
        for device, facts in parcel.facts.items():
            self.add_facts(device, facts)
        self._corrected |= parcel.corrected
        for alert_id, text in parcel.alerts.items():
            self.put_alert(alert_id, text)
        self._alerts_missed |= parcel.alerts_missed
        if parcel.geofences is not None:
            self._geofences = parcel.geofences
        self._notices.update(parcel.notices)

    def forget_places(self) -> None:
        """A snapshot made this instant says which devices there are and where; facts that wait may be newer."""
        self._fixes, self._removed = {}, {}
        self._corrected.clear()

    def clear(self) -> None:
        """The reader may see something else now: nothing that waits is for it."""
        self._begin()

    def _put_fix(self, device: str, text: str) -> None:
        waiting = self._facts.get(device)
        if waiting is not None:
            waiting.pop("zones", None)  # the fix says in which zones it lies
        self._fixes[device] = text


def facts_in(change: Change) -> dict[str, Any]:
    """What a change without a position says of its device."""
    facts: dict[str, Any] = msgspec.json.decode(change.text)
    return {name: value for name, value in facts.items() if name not in {"id", "as_of"}}
