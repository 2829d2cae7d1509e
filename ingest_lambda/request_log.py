"""What one process keeps of the requests it answered, for its customers' log: all are counted, some kept whole.

Memory only and bounded, so that no request waits for its own record and a flood of them costs no more than a count.
Doors and the API use it alike; what it hands on about once a second is booked by `tracker.requestlog.booking`.
"""

from __future__ import annotations

import os
from collections import deque
from enum import StrEnum

import msgspec

REQUESTS = (
    "requests:told"  # a stream in Redis: an entry for each second of each process that answered anything
)
MOST_ENTRIES = 2_000  # of it kept: some minutes of many processes; Redis away longer loses the rest
# A second and process: of one environment so many that went well and so many that did not, of all together so many.
MOST_OF_ONE, MOST_KEPT = 5, 100
LONGEST_TEXT = 200  # of a route or a device's id
MOST_COUNTED = 5_000  # different counts held; beyond, strangers are counted as lost
MOST_WAITING = 60  # seconds' worth that wait for Redis; beyond, the oldest are lost, and counted as that
HOUR_US = 3_600_000_000


class Door(StrEnum):
    """Where a request came in."""

    INGEST = "ingest"
    API = "api"


class Ending(StrEnum):
    """What became of a request."""

    ACCEPTED = "accepted"
    PARTLY = "partly"  # taken, and some of its reports refused
    REFUSED = "refused"
    LIMITED = "limited"
    ERROR = "error"


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One request kept whole: nothing that was sent but the device it names, and no text of a key.

    `route` is the address without what is particular or secret in it. `accepted` and `refused` are reports as the door
    answered them, -1 where the request carries none. `reason` is the stable code of a refusal.
    """

    environment_id: int
    key_id: int
    at_us: int
    request_id: str
    door: str
    method: str
    route: str
    status: int
    outcome: str
    reason: str
    duration_us: int
    device: str = ""
    accepted: int = -1
    refused: int = -1


# environment, epoch hour, door, key, ending, how many
Count = tuple[int, int, str, int, str, int]


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a process hands on: requests kept whole, counts of all. `mark` tells two alike from one sent twice."""

    mark: bytes
    entries: list[Entry]
    counts: list[Count]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Told)


def encode(told: Told) -> bytes:
    """As it travels. Half a character, which no text on the way may hold, becomes a question mark."""
    try:
        return _encoder.encode(told)
    except UnicodeEncodeError:
        return _encoder.encode(
            msgspec.structs.replace(told, entries=[_writable(entry) for entry in told.entries])
        )


def _writable(entry: Entry) -> Entry:
    texts = ("request_id", "method", "route", "reason", "device")
    cleaned = {name: getattr(entry, name).encode("utf-8", "replace").decode() for name in texts}
    return msgspec.structs.replace(entry, **cleaned)


def decode(data: bytes) -> Told:
    """Raises msgspec.MsgspecError."""
    return _decoder.decode(data)


def ending_of(status: int, accepted: int = -1, refused: int = -1) -> Ending:
    """What an answer says became of the request."""
    if status == 429:
        return Ending.LIMITED
    if status >= 500:
        return Ending.ERROR
    if status >= 400 or (refused > 0 and accepted <= 0):
        return Ending.REFUSED
    return Ending.PARTLY if refused > 0 else Ending.ACCEPTED


class RequestLog:
    """The records of one process. Not for several threads at once."""

    def __init__(self) -> None:
        self.lost = 0  # requests that neither were nor will be counted
        self._counts: dict[tuple[int, int, str, int, str], int] = {}
        self._entries: list[Entry] = []
        self._kept: dict[tuple[int, bool], int] = {}
        self._waiting: deque[Told] = deque()

    def admits(self, environment_id: int, key_id: int, at_us: int, door: str, ending: str) -> bool:
        """Count a request; answers whether there is room to keep it whole, which the caller then does by `keep`."""
        place = (environment_id, at_us // HOUR_US, door, key_id, ending)
        count = self._counts.get(place, 0)
        if not count and len(self._counts) >= MOST_COUNTED:
            self.lost += 1
            return False
        self._counts[place] = count + 1
        if len(self._entries) >= MOST_KEPT:
            return False
        lane = (environment_id, ending == Ending.ACCEPTED)
        kept = self._kept.get(lane, 0)
        self._kept[lane] = kept + 1
        return kept < MOST_OF_ONE

    def keep(self, entry: Entry) -> None:
        """Keep a request whole."""
        self._entries.append(entry)

    def close_second(self) -> None:
        """What was noted waits to be handed on; the next second begins. Called about once a second."""
        counts, self._counts = self._counts, {}
        entries, self._entries = self._entries, []
        self._kept.clear()
        if counts:
            listed: list[Count] = [(*place, count) for place, count in counts.items()]
            self._waiting.append(Told(os.urandom(8), entries, listed))
        while len(self._waiting) > MOST_WAITING:
            self.lost += sum(count[-1] for count in self._waiting.popleft().counts)

    def first_waiting(self) -> Told | None:
        """What is to be handed on next."""
        return self._waiting[0] if self._waiting else None

    def handed_on(self) -> None:
        """The first that waited is in Redis."""
        self._waiting.popleft()
