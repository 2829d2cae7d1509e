"""What a batch carries from step to step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ingest_lambda.judgement import Believed, Bounds
from ingest_lambda.outcomes import DUPLICATE, Verdict
from ingest_lambda.report import DeviceInfo, Envelope, PositionReport
from ingest_lambda.standing import Anchor


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
    thins: bool = False  # a spending cap is reached: see steps/thin.py
    stopped: bool = False
    keeps_one_in: int = 1


class State(msgspec.Struct, frozen=True):
    """A device's row in tracker_devicestate as the steps move it: last fix and suspects, anchor, and the newest
    instant judged, kept or not: a fix beyond it cannot be stored yet, and nothing stored can depend on it."""

    believed: Believed
    anchor: Anchor
    judged_to_us: int


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
    wire_format: str = ""  # as the register has it
    reported_by: str = ""  # the wire form and unit it reported in now
    state: State | None = None
    had_state: bool = False  # fixes of it were accepted before this batch
    presence: bytes | None = None  # where it is among geofences, as its state keeps it
    zones: tuple[str, ...] = ()  # public ids of the geofences it is inside after this batch
    newest: tuple[PositionReport, Envelope] | None = (
        None  # the last accepted fix, where it is another than before
    )
    touched: bool = False  # the state row must be written
    corrected: bool = False  # a late fix changed where the marker stands: it may go back


class SetAside(NamedTuple):
    """A report for tracker_setasidereport; with `fix` where a late neighbour may still change its ending."""

    envelope: Envelope
    device_id: int
    verdict: Verdict
    payload: str
    recorded_at_us: int | None
    fix: PositionReport | None = None


class Dead(NamedTuple):
    """A record for tracker_deadletter. `environment_id` 0: it belongs to nobody we know."""

    unit: Unit
    environment_id: int
    reason: str
    error: str


CountKey = tuple[int, int, str, str]  # environment, epoch second of receiving, outcome, reason
UseKey = tuple[
    int, int, str, int
]  # environment, epoch hour of receiving, outcome or EVALUATED, key (0: none known)
EVALUATED = "evaluated"  # an accepted fix that was compared with geofences
Accepted = tuple[
    Trail, PositionReport, Envelope, int
]  # and the time of the anchor it stands at, epoch microseconds


@dataclass(slots=True, eq=False)
class Rewritten:
    """What a late fix changes in what is stored already. Rows are named by (trail, recorded_at_us) or by id."""

    withdrawn: list[tuple[Trail, int]] = field(default_factory=list)  # positions that are none any more
    taken_up: list[int] = field(default_factory=list)  # set-aside reports that are none any more
    reworded: list[tuple[int, Verdict]] = field(default_factory=list)  # set aside still, for another reason
    restood: list[tuple[Trail, int, int]] = field(
        default_factory=list
    )  # positions at another anchor, and its time
    stateless: list[Trail] = field(default_factory=list)  # state rows to go, or to go back


@dataclass(slots=True, eq=False)
class Batch:
    """One walk through the steps: the envelopes of one lane, in order, and what becomes of each fix."""

    lane: str
    units: list[Unit]
    now_us: int  # becomes stored_at
    careful: bool = False  # look every fix up, not only those that the device's state calls late
    envelopes: list[Envelope] = field(default_factory=list)  # those whose environment and key are known
    trails: dict[tuple[int, str], Trail] = field(default_factory=dict)
    accepted: list[Accepted] = field(default_factory=list)
    rewritten: Rewritten = field(default_factory=Rewritten)
    set_aside: list[SetAside] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    counts: Counter[CountKey] = field(default_factory=Counter)
    uses: Counter[UseKey] = field(default_factory=Counter)
    # devices that may be active for the first time in a month: environment, month (epoch s), device, received (µs)
    active: list[tuple[int, int, int, int]] = field(default_factory=list)
    repeated: Counter[tuple[int, str]] = field(default_factory=Counter)  # duplicates by device
    received: int = 0  # how many fixes must end in one counted outcome
    step: str = ""  # the step under way, to name it when it breaks

    def __post_init__(self) -> None:
        self.received = sum(unit.fixes for unit in self.units)

    def end(self, envelope: Envelope, verdict: Verdict, times: int = 1) -> None:
        """Count the ending of `times` reports of one envelope."""
        environment, second = envelope.environment_id, envelope.received_at_us // 1_000_000
        self.counts[environment, second, verdict.outcome, verdict.reason] += times
        self.uses[environment, second // 3600, verdict.outcome, envelope.key_id] += times
        if verdict is DUPLICATE:
            self.repeated[environment, envelope.device] += times

    def put_aside(
        self,
        envelope: Envelope,
        device_id: int,
        verdict: Verdict,
        payload: str,
        recorded_at_us: int | None,
        fix: PositionReport | None = None,
    ) -> None:
        """Count a filtered or quarantined report and keep it for the reasons page; see SetAside."""
        self.end(envelope, verdict)
        self.set_aside.append(SetAside(envelope, device_id, verdict, payload, recorded_at_us, fix))
