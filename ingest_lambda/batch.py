"""What a batch carries from step to step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ingest_lambda.judgement import Believed, Bounds
from ingest_lambda.outcomes import Verdict
from ingest_lambda.report import DeviceInfo, Envelope, PositionReport


class Record(NamedTuple):
    """One envelope as it stands on the stream: lane, entry, its place in the entry, its bytes.

    On Kinesis the lane is the shard, the entry id the sequence number and the place always 0.
    """

    lane: str
    entry_id: str
    entry_index: int
    data: bytes


class Unit(NamedTuple):
    """A record with its envelope open. `envelope` is None where the bytes are none; `error` says why.

    `fixes` is how many it stands for; 1 for bytes nobody can read, so that they weigh something.
    """

    record: Record
    envelope: Envelope | None
    fixes: int
    error: str = ""


class Environment(msgspec.Struct, frozen=True):
    """The settings of an environment the steps need."""

    id: int
    bounds: Bounds


class State(msgspec.Struct):
    """A device's row in tracker_devicestate as the steps move it: last fix, anchor, suspects."""

    believed: Believed
    moved_at_us: int
    anchor_longitude: float
    anchor_latitude: float


# recorded_at_us, order of arrival (so that equal times stay in order and fixes are never compared), fix, envelope.
# A plain tuple: one is made and sorted for every fix.
Arrival = tuple[int, int, PositionReport, Envelope]


@dataclass(slots=True, eq=False)
class Trail:
    """One device in this batch: who it is, what came, what is believed of it."""

    environment: Environment
    external_id: str
    arrivals: list[Arrival] = field(default_factory=list)
    info: DeviceInfo | None = None
    device_id: int = 0  # 0: not registered
    uid: str = ""  # 32 hexadecimal digits
    deleted: bool = False
    registered_name: str | None = None  # set when this batch registered it
    state: State | None = None
    forward: list[tuple[PositionReport, Envelope]] = field(
        default_factory=list
    )  # accepted and newer than the state
    touched: bool = False  # the state row must be written


class SetAside(NamedTuple):
    """A report for tracker_setasidereport."""

    envelope: Envelope
    device_id: int
    verdict: Verdict
    payload: str
    recorded_at_us: int | None


class Dead(NamedTuple):
    """A record for tracker_deadletter. `environment_id` 0: it belongs to nobody we know."""

    unit: Unit
    environment_id: int
    reason: str
    error: str


CountKey = tuple[int, int, str, str]  # environment, epoch second of receiving, outcome, reason


@dataclass(slots=True, eq=False)
class Batch:
    """One walk through the steps: the envelopes of one lane, in order, and what becomes of each fix."""

    lane: str
    units: list[Unit]
    now_us: int  # becomes stored_at
    careful: bool = False  # look every fix up, not only those older than the device's state
    envelopes: list[Envelope] = field(default_factory=list)  # those whose environment and key are known
    trails: dict[tuple[int, str], Trail] = field(default_factory=dict)
    accepted: list[tuple[Trail, PositionReport, Envelope]] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    counts: Counter[CountKey] = field(default_factory=Counter)
    received: int = 0  # how many fixes must end in one counted outcome
    step: str = ""  # the step under way, to name it when it breaks

    def __post_init__(self) -> None:
        self.received = sum(unit.fixes for unit in self.units)

    def end(self, envelope: Envelope, verdict: Verdict, times: int = 1) -> None:
        """Count the ending of `times` reports of one envelope."""
        key = (
            envelope.environment_id,
            envelope.received_at_us // 1_000_000,
            verdict.outcome,
            verdict.reason,
        )
        self.counts[key] += times

    def put_aside(
        self, envelope: Envelope, device_id: int, verdict: Verdict, payload: str, recorded_at_us: int | None
    ) -> None:
        """Count a filtered or quarantined report and keep it for the reasons page."""
        self.end(envelope, verdict)
        self.set_aside.append(SetAside(envelope, device_id, verdict, payload, recorded_at_us))
