"""Registrations of devices at the door: repeats are answered from memory, the rest goes on lanes of its own.

Apps register their device at every start, and after a release millions do within days. What a device said within
the window and says again costs a look into memory, and neither stream nor database. Nor does anything of a key
whose registrations are a storm (`floods.py`), but for a few a second.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest_lambda.exchange import Reply, Seen
from ingest_lambda.flood_tallies import Said as Counted
from ingest_lambda.flood_tallies import Tallies
from ingest_lambda.floods import Facts
from ingest_lambda.formats.registering import Said, read
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.limits import Limits, over_quota
from ingest_lambda.problems import OPEN_TO_BROWSERS
from ingest_lambda.report import MICROSECONDS, WIRE_VERSION, Registration, request_id_text
from ingest_lambda.stream import RegistrationWriter, StreamUnavailable

WINDOW_S = 600
# Some 40 MB when full; beyond, the oldest are forgotten, and cost their next repeat one trip more.
MOST_DEVICES = 200_000
MOST_BODIES = 100_000
_LOW = 2**64 - 1


class Remembered:
    """What each device last said, as a fingerprint, for WINDOW_S seconds from when the stream took it.

    Fingerprints are Python's own keyed hashes: strangers cannot make two that are alike. A repeat does not
    lengthen the window, so every device that goes on repeating itself is heard once a window.
    """

    def __init__(self, window_s: int = WINDOW_S, most: int = MOST_DEVICES) -> None:
        self._window_s = window_s
        self._most = most
        self._last: dict[int, int] = {}  # device -> second of forgetting, then fingerprint; oldest first
        # body -> the one device in it, its fingerprint, and what storms are judged by
        self._bodies: dict[int, tuple[int, int, Counted]] = {}

    def __len__(self) -> int:
        return len(self._last)

    def knows(self, device: int, fingerprint: int, now_us: int) -> bool:
        """Whether that is what the device last said, within the window."""
        last = self._last.get(device)
        return last is not None and last & _LOW == fingerprint & _LOW and last >> 64 > now_us // MICROSECONDS

    def knows_body(self, body: int, now_us: int) -> Counted | None:
        """What is counted of this body, if it is of one device, which last said just that."""
        found = self._bodies.get(body)
        return found[2] if found is not None and self.knows(found[0], found[1], now_us) else None

    def learn(self, device: int, fingerprint: int, now_us: int) -> None:
        """The stream has it: the window of this device begins."""
        self._last.pop(device, None)
        self._last[device] = now_us // MICROSECONDS + self._window_s << 64 | fingerprint & _LOW
        while len(self._last) > self._most:
            del self._last[next(iter(self._last))]

    def learn_body(self, body: int, device: int, fingerprint: int, counted: Counted) -> None:
        """This body says that of that device."""
        self._bodies[body] = (device, fingerprint, counted)
        while len(self._bodies) > MOST_BODIES:
            del self._bodies[next(iter(self._bodies))]


class Counts:
    """Devices by what became of their registration: received = accepted + coalesced + limited + away."""

    __slots__ = ("accepted", "away", "coalesced", "limited", "received")

    def __init__(self) -> None:
        self.received = self.accepted = self.coalesced = self.limited = self.away = 0

    def facts(self) -> dict[str, int]:
        """For the sign of life and the summary."""
        return {f"registrations_{name}": getattr(self, name) for name in self.__slots__}


class Registrar:
    """Takes POSTs of registrations. One of a process, so that it remembers for all of it."""

    def __init__(
        self,
        stream: RegistrationWriter,
        limits: Limits,
        remembered: Remembered | None = None,
        tallies: Tallies | None = None,
    ) -> None:
        self._stream = stream
        self._limits = limits
        self._remembered = remembered or Remembered()
        self._tallies = tallies  # None: this door reaches nobody who judges storms
        self.counts = Counts()

    async def register(
        self, body: bytes, key: VerifiedKey, received_at_us: int, request_id: bytes, traceparent: str
    ) -> Reply:
        """Answer one POST: 202 once the stream has what is new in it, 200 where nothing is.

        Raises Problem (400, 429) or StreamUnavailable, and then none of it is taken and all of it may be sent again.
        """
        known_body = hash((key.environment_id, body))
        counted = self._remembered.knows_body(known_body, received_at_us)
        if counted is not None:
            self.counts.received += 1
            self.counts.coalesced += 1
            if self._tallies is not None:
                self._tallies.registered(key.environment_id, counted, repeat=True)
            shown = self._limits.take_registrations(key, 0, received_at_us).headers
            return _answer(request_id, traceparent, 1, 0, shown)._replace(
                seen=Seen(key, counted.device, 1, 0)
            )
        devices = read(body)
        self.counts.received += len(devices)
        fresh = self._admitted(devices, self._fresh(devices, key, received_at_us), key)
        allowance = self._limits.take_registrations(key, len(fresh), received_at_us)
        if not allowance.granted:
            self.counts.limited += len(devices)
            raise over_quota(allowance)
        if fresh:
            await self._send(fresh, key, (received_at_us, request_id, traceparent), len(devices))
        for said in fresh:
            device, fingerprint = _prints(said, key)
            self._remembered.learn(device, fingerprint, received_at_us)
        if len(devices) == 1:
            self._remembered.learn_body(known_body, *_prints(devices[0], key), _counted(devices[0], key))
        self.counts.accepted += len(fresh)
        self.counts.coalesced += len(devices) - len(fresh)
        reply = _answer(request_id, traceparent, len(devices), len(fresh), allowance.headers)
        return reply._replace(seen=Seen(key, devices[0].device, len(devices), 0))

    async def _send(
        self, fresh: Sequence[Said], key: VerifiedKey, tail: tuple[int, bytes, str], received: int
    ) -> None:
        head = (WIRE_VERSION, key.environment_id, key.key_id)
        try:
            await self._stream.put([Registration(*head, said.device, *tail, *said[1:]) for said in fresh])
        except StreamUnavailable:
            self.counts.away += received
            raise

    def _admitted(self, devices: Sequence[Said], fresh: list[Said], key: VerifiedKey) -> list[Said]:
        """What of the new may go on: few devices a second while a storm of the key's is in force. All is counted."""
        if self._tallies is None:
            return fresh
        admitted = fresh[: self._tallies.admits(key.environment_id, key.key_id, len(fresh))]
        goes_on = {said.device for said in admitted}
        for said in devices:
            repeat = said not in fresh
            coalesced = not repeat and said.device not in goes_on
            self._tallies.registered(
                key.environment_id, _counted(said, key), repeat=repeat, coalesced=coalesced
            )
        return admitted

    def _fresh(self, devices: Sequence[Said], key: VerifiedKey, now_us: int) -> list[Said]:
        """Those that say something new; of several of one device in a request the last."""
        last = {said.device: said for said in devices}
        return [said for said in last.values() if not self._remembered.knows(*_prints(said, key), now_us)]


def _counted(said: Said, key: VerifiedKey) -> Counted:
    info = said.info
    return Counted(said.device, Facts(key.key_id, info.app_version or "", info.model or "", info.os or ""))


def _prints(said: Said, key: VerifiedKey) -> tuple[int, int]:
    info = said.info
    content = (info.name, info.model, info.os, info.app_version, said.metadata)
    return hash((key.environment_id, said.device)), hash(content)


def _answer(
    request_id: bytes, traceparent: str, received: int, accepted: int, shown: Sequence[tuple[str, str]]
) -> Reply:
    identity = request_id_text(request_id)
    coalesced = "false" if accepted else "true"
    body = (
        f'{{"request_id":"{identity}","received":{received},"accepted":{accepted},"coalesced":{coalesced}}}'
    )
    headers = [
        ("content-type", "application/json"),
        ("x-request-id", identity),
        ("traceparent", traceparent),
        *OPEN_TO_BROWSERS,
        *shown,
    ]
    return Reply(202 if accepted else 200, headers, body.encode())
