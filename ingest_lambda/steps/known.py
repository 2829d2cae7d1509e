"""What a worker remembers between batches: keys, environments' settings, which device is which."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest_lambda.batch import Environment
from ingest_lambda.flood_consumer import Repeats
from ingest_lambda.report import MICROSECONDS, DeviceInfo
from ingest_lambda.steps.zones import ZoneMemory
from ingest_lambda.storm import StormGuard

KEYS_STALE_US = 2 * MICROSECONDS  # a revoked key is noticed this much later at most
ENVIRONMENTS_STALE_US = 5 * MICROSECONDS
KEY_USE_NOTED_US = 60 * MICROSECONDS
MOST_DEVICES = 200_000  # some 60 MB


class KnownDevice(NamedTuple):
    """Ids of a device, which never change, and what it last said about itself. Deletion is not remembered:
    it is read with the states of every batch, so it holds from the next batch on."""

    device_id: int
    uid: str
    info: DeviceInfo | None


class CertifiedDevice(NamedTuple):
    """Whose a device is that came in by its certificate, and whether one was in force when we last asked."""

    environment_id: int
    external_id: str
    in_force: bool
    asked_us: int


@dataclass(slots=True, eq=False)
class Known:
    """The memory of one worker. Only what was committed may enter it."""

    keys: dict[int, int] = field(default_factory=dict)  # usable keys and their environment
    keys_asked: dict[int, int] = field(default_factory=dict)  # key id -> when its row was read, µs
    environments: dict[int, Environment] = field(default_factory=dict)
    environments_asked: dict[int, int] = field(default_factory=dict)
    keys_noted: dict[int, int] = field(default_factory=dict)
    devices: OrderedDict[tuple[int, str], KnownDevice] = field(default_factory=OrderedDict)
    certified: OrderedDict[str, CertifiedDevice] = field(default_factory=OrderedDict)  # by uid
    zones: ZoneMemory = field(
        default_factory=ZoneMemory
    )  # versions never change, so it is not forgotten either
    active: dict[int, tuple[int, int]] = field(default_factory=dict)  # device -> month, first received in it
    repeats: Repeats = field(default_factory=Repeats)
    storm: StormGuard = field(default_factory=StormGuard)  # not forgotten with the rest: it knows no rows

    def stale_keys(self, wanted: set[int], now_us: int) -> list[int]:
        """Those of the keys that must be read again."""
        asked = self.keys_asked
        return [key for key in wanted if now_us - asked.get(key, 0) > KEYS_STALE_US]

    def stale_environments(self, wanted: set[int], now_us: int) -> list[int]:
        """Those of the environments that must be read again."""
        asked = self.environments_asked
        return [one for one in wanted if now_us - asked.get(one, 0) > ENVIRONMENTS_STALE_US]

    def learn_keys(self, asked: list[int], found: dict[int, int], now_us: int) -> None:
        """Remember what the table said of `asked`: found, or revoked or unknown."""
        for key in asked:
            self.keys_asked[key] = now_us
            if key in found:
                self.keys[key] = found[key]
            else:
                self.keys.pop(key, None)

    def learn_environments(self, asked: list[int], found: dict[int, Environment], now_us: int) -> None:
        """The same for environments."""
        for one in asked:
            self.environments_asked[one] = now_us
            if one in found:
                self.environments[one] = found[one]
            else:
                self.environments.pop(one, None)

    def device(self, key: tuple[int, str]) -> KnownDevice | None:
        """The device, if known; the least recently asked for are forgotten first."""
        found = self.devices.get(key)
        if found is not None:
            self.devices.move_to_end(key)
        return found

    def learn_device(self, key: tuple[int, str], device: KnownDevice) -> None:
        """Remember a device whose row is committed."""
        self.devices[key] = device
        self.devices.move_to_end(key)
        while len(self.devices) > MOST_DEVICES:
            self.devices.popitem(last=False)

    def learn_certified(self, uid: str, device: CertifiedDevice) -> None:
        """Remember a device that came in by its certificate."""
        self.certified[uid] = device
        self.certified.move_to_end(uid)
        while len(self.certified) > MOST_DEVICES:
            self.certified.popitem(last=False)

    def is_noted_active(self, device: int, month: int, received_us: int) -> bool:
        """Whether it is written down that the device was active in the month, at that instant or before."""
        noted = self.active.get(device)
        return noted is not None and noted[0] == month and noted[1] <= received_us

    def learn_active(self, device: int, month: int, received_us: int) -> None:
        """Remember what was written down; a month's begin, as anything beyond the bound, costs one look each."""
        if len(self.active) >= MOST_DEVICES and device not in self.active:
            self.active.clear()
        self.active[device] = (month, received_us)

    def unnoted_keys(self, used: set[int], now_us: int) -> list[int]:
        """Those of the keys whose use was not written down within the last minute."""
        noted = self.keys_noted
        return [key for key in used if now_us - noted.get(key, 0) > KEY_USE_NOTED_US]

    def forget(self) -> None:
        """Begin anew: something remembered proved wrong."""
        self.keys.clear()
        self.keys_asked.clear()
        self.environments.clear()
        self.environments_asked.clear()
        self.devices.clear()
        self.certified.clear()
        self.active.clear()
