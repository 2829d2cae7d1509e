"""What one socket has yet to be told: the latest of each device, however long its reader stalls."""

import msgspec

from tracker.live.frames import Change


class Mailbox:
    """Pending news, conflated per device, so that its size is bounded by the number of devices.

    A rename is kept apart from a fix: it carries no position, and replacing one by the other would lose it.
    """

    def __init__(self) -> None:
        self._fixes: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._removed: dict[str, None] = {}
        self._corrected: set[str] = set()
        self.conflated = 0  # news that later news overtook before it was sent

    def __bool__(self) -> bool:
        return bool(self._fixes or self._names or self._removed)

    def __len__(self) -> int:
        return len(self._fixes) + len(self._names) + len(self._removed)

    def put(self, change: Change) -> None:
        """Take in one change, forgetting what it makes stale."""
        if change.removed:
            self._fixes.pop(change.device_id, None)
            self._names.pop(change.device_id, None)
            self._removed[change.device_id] = None
            return
        if change.recorded_at is None:
            self._names[change.device_id] = change.text
            return
        if change.device_id in self._fixes:
            self.conflated += 1
        if change.name is not None:  # the fix that registered it: a later fix must not take its name away
            self._names[change.device_id] = msgspec.json.encode(
                {"id": change.device_id, "name": change.name}
            ).decode()
        if change.corrected:
            self._corrected.add(change.device_id)
        self._fixes[change.device_id] = change.text

    def take(self) -> tuple[list[str], list[str]]:
        """(devices, removed) to send now; the mailbox is empty afterwards. Names go before fixes."""
        for device in self._corrected & self._fixes.keys():
            # what overtook a correction in here may be older than what the reader still shows
            fix = msgspec.json.decode(self._fixes[device])
            self._fixes[device] = msgspec.json.encode({**fix, "corrected": True}).decode()
        devices = [*self._names.values(), *self._fixes.values()]
        removed = list(self._removed)
        self._fixes, self._names, self._removed = {}, {}, {}
        self._corrected.clear()
        return devices, removed

    def forget_fixes(self) -> None:
        """A snapshot made this instant holds every fix; a rename that waits here may be newer than it."""
        self._fixes = {}
        self._corrected.clear()
