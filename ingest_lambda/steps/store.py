"""The only place of the edge that talks to the database: one method a statement, one round trip or so each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from ingest_lambda.batch import CountKey, Dead, Environment, SetAside, State, Trail
from ingest_lambda.judgement import Believed, Bounds
from ingest_lambda.report import MICROSECONDS, DeviceInfo, Envelope, PositionReport, encode
from ingest_lambda.steps import rows, statements

LANE_LOCKS = 0x4D50  # the first half of the advisory locks' key: "MP"
HALF_ROUND_THE_GLOBE_M = 20_040_000.0
LONGEST_REACH = timedelta(days=92)  # nothing older is kept
_EPOCH = datetime.fromtimestamp(0, UTC)
_DAY_US = 86_400 * MICROSECONDS

DeviceKey = tuple[int, str]


class _MicrosecondsLoader(Loader):
    """timestamptz as epoch microseconds: the steps reckon in integers."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return int.from_bytes(data, "big", signed=True) + rows.EPOCH_2000_US


def connect(url: str, *, name: str = "milepost-consumer") -> psycopg.Connection[tuple[Any, ...]]:
    """A connection for one worker, transactions opened by hand. Raises psycopg.OperationalError."""
    # custom plans: a generic plan of a table by day would open every day's partition each time
    options = "-c plan_cache_mode=force_custom_plan -c jit=off -c timezone=UTC -c statement_timeout=60000"
    connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
        url, autocommit=True, connect_timeout=5, application_name=name, options=options
    )
    connection.adapters.register_loader("timestamptz", _MicrosecondsLoader)
    connection.execute(statements.STAGE_STATES)
    return connection


def neighbour_reach(slowest_bound_mps: float) -> timedelta:
    """How far back a late fix looks for the kept one before it: the time in which the bound reaches any place.

    Nothing older could call it a teleport; and at the usual bound the planner has three partitions to think
    about, not a hundred.
    """
    seconds = HALF_ROUND_THE_GLOBE_M / max(slowest_bound_mps, 0.1)
    return min(LONGEST_REACH, timedelta(seconds=seconds, hours=1))


def at(time_us: int) -> datetime:
    """Epoch microseconds as a datetime, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)


class Store:
    """The statements over one connection. Whatever fails raises psycopg's error; `failures` sorts them."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection
        self._cursor = connection.cursor(binary=True)

    def transaction(self) -> AbstractContextManager[psycopg.Transaction]:
        """A transaction; inside one, a savepoint."""
        return self.connection.transaction()

    # --- lanes ---

    def try_lock_lane(self, number: int) -> bool:
        """Whether this session owns the lane now. The lock goes when the session goes."""
        row = self._cursor.execute(statements.TRY_LANE_LOCK, (LANE_LOCKS, number)).fetchone()
        return bool(row and row[0])

    def unlock_lane(self, number: int) -> None:
        """Let another worker take the lane."""
        self._cursor.execute(statements.LANE_UNLOCK, (LANE_LOCKS, number))

    def progress(self, lane: str) -> tuple[str, int]:
        """The last entry stored and how many of its envelopes; ("0-0", 0) for a new lane."""
        row = self._cursor.execute(statements.PROGRESS, (lane,)).fetchone()
        return (row[0], row[1]) if row else ("0-0", 0)

    def lock_progress(self, lane: str) -> tuple[str, int]:
        """The same, held against every other worker until the transaction ends."""
        row = self._cursor.execute(statements.LOCK_PROGRESS, (lane,)).fetchone()
        if row is None:
            self._cursor.execute(statements.BEGIN_PROGRESS, (lane,))
            row = self._cursor.execute(statements.LOCK_PROGRESS, (lane,)).fetchone()
        if row is None:
            raise psycopg.OperationalError(f"the progress of {lane} cannot be read back")
        return row[0], row[1]

    def save_progress(self, lane: str, entry_id: str, entry_index: int) -> None:
        """Move the lane's progress, in the transaction of what was stored."""
        self._cursor.execute(statements.SAVE_PROGRESS, (entry_id, entry_index, lane))

    # --- who is it ---

    def keys(self, ids: Sequence[int]) -> dict[int, int]:
        """Those of the keys that exist and are not revoked, with their environment."""
        return dict(self._cursor.execute(statements.KEYS, (list(ids),)).fetchall())

    def keys_used(self, ids: Sequence[int], now_us: int) -> None:
        """Note when keys were last used, to the minute."""
        self._cursor.execute(statements.KEYS_USED, {"ids": sorted(ids), "now": at(now_us)})

    def environments(self, ids: Sequence[int]) -> dict[int, Environment]:
        """Those of the environments that exist, with the settings the judge needs."""
        found = self._cursor.execute(statements.ENVIRONMENTS, (list(ids),)).fetchall()
        return {row[0]: Environment(row[0], Bounds(row[1], row[2], row[3] * _DAY_US)) for row in found}

    def find_devices(self, wanted: Sequence[DeviceKey]) -> dict[DeviceKey, tuple[int, str]]:
        """Those of the devices that are registered: id and uid (32 hexadecimal digits)."""
        columns = [list(column) for column in zip(*wanted, strict=True)]
        found = self._cursor.execute(statements.FIND_DEVICES, columns).fetchall()
        return {(row[0], row[1]): (row[2], row[3].hex) for row in found}

    def register_devices(
        self, wanted: Sequence[tuple[DeviceKey, DeviceInfo | None]]
    ) -> dict[DeviceKey, tuple[int, str, str]]:
        """Register devices: id, uid and name of each that was not there. Somebody else's are left out."""
        columns = [
            [key[0] for key, _ in wanted],
            [key[1] for key, _ in wanted],
            *(
                [getattr(info, fact, None) or "" for _, info in wanted]
                for fact in DeviceInfo.__struct_fields__
            ),
        ]
        made = self._cursor.execute(statements.REGISTER_DEVICES, columns).fetchall()
        return {(row[0], row[1]): (row[2], row[3].hex, row[4]) for row in made}

    def update_devices(self, said: Sequence[tuple[int, DeviceInfo]]) -> None:
        """Write what devices say about themselves where it differs; a name only where there is none."""
        facts = ([getattr(info, fact) for _, info in said] for fact in DeviceInfo.__struct_fields__)
        self._cursor.execute(statements.UPDATE_DEVICES, [[device for device, _ in said], *facts])

    def states(self, ids: Sequence[int]) -> dict[int, tuple[bool, State | None]]:
        """Of each device that still has a row: whether it is deleted, and its state if it has one."""
        found = self._cursor.execute(statements.STATES, (list(ids),)).fetchall()
        return {row[0]: (row[1], None if row[2] is None else _state(row)) for row in found}

    # --- what is stored already ---

    def neighbours(
        self, late: Sequence[tuple[int, int, int]], slowest_bound_mps: float
    ) -> dict[int, Believed]:
        """For (environment, device, epoch µs) by place in `late`: the kept fix at or next before that time.

        `slowest_bound_mps` is the lowest speed bound among them: it says how far back a fix can still matter.
        """
        environments, devices, times_us = ([row[column] for row in late] for column in range(3))
        bounds = {"first": at(min(times_us)) - neighbour_reach(slowest_bound_mps), "last": at(max(times_us))}
        wanted = {"environments": environments, "devices": devices, "times_us": times_us}
        found = self._cursor.execute(statements.NEIGHBOURS, wanted | bounds).fetchall()
        return {row[0] - 1: Believed(*row[1:]) for row in found}

    # --- what is written ---

    def add_positions(self, accepted: Sequence[tuple[Trail, PositionReport, Envelope]], now_us: int) -> None:
        """Write kept fixes. Raises UniqueViolation when another writer stored one of them since we looked."""
        self._copy(statements.COPY_POSITIONS, rows.position_rows(accepted, now_us))

    def add_set_aside(self, reports: Sequence[SetAside], now_us: int) -> None:
        """Keep filtered and quarantined reports for the reasons page."""
        self._copy(statements.COPY_SET_ASIDE, rows.set_aside_rows(reports, now_us))

    def move_states(self, moved: Sequence[Trail], now_us: int) -> None:
        """Move the states of devices forward, never back."""
        self._copy(statements.COPY_STATES, rows.state_rows(moved, now_us))
        self._cursor.execute(statements.MOVE_STATES)

    def suspect_states(self, suspected: Sequence[tuple[int, Believed]]) -> None:
        """Remember jumps not believed yet; the rest of the state stays."""
        columns: list[list[Any]] = [
            [device for device, _ in suspected],
            [believed.recorded_at_us for _, believed in suspected],
            [believed.suspect_at_us for _, believed in suspected],
            [believed.suspect_longitude for _, believed in suspected],
            [believed.suspect_latitude for _, believed in suspected],
            [believed.suspect_count for _, believed in suspected],
        ]
        self._cursor.execute(statements.SUSPECT_STATES, columns)

    def count_outcomes(self, lane_number: int, counts: dict[CountKey, int]) -> None:
        """Add to the counts per environment, second, outcome and reason."""
        columns = [list(column) for column in zip(*sorted(counts), strict=True)]
        self._cursor.execute(
            statements.COUNT_OUTCOMES, (lane_number, *columns, [counts[key] for key in sorted(counts)])
        )

    def park(self, dead: Iterable[Dead]) -> None:
        """Keep records that broke a step, so that they can be read, mended and driven again."""
        self._cursor.executemany(statements.PARK_DEAD, [_dead_row(letter) for letter in dead])

    def _copy(self, statement: str, packed: list[bytes]) -> None:
        with self._cursor.copy(statement) as copy:
            copy.write(rows.copy_data(packed))


def _state(row: tuple[Any, ...]) -> State:
    recorded_at, longitude, latitude, accuracy_m, speed_mps, moved_at, anchor_longitude, anchor_latitude = (
        row[2:10]
    )
    suspect = row[10:14] if row[10] is not None else (None, 0.0, 0.0, 0)
    believed = Believed(recorded_at, longitude, latitude, accuracy_m, speed_mps, *suspect)
    return State(believed, moved_at, anchor_longitude, anchor_latitude)


def _dead_row(letter: Dead) -> tuple[Any, ...]:
    record, envelope = letter.unit.record, letter.unit.envelope
    said = (storable(letter.reason, 200), storable(letter.error, 4000))
    where = (record.lane, record.entry_id, record.entry_index, *said)
    if envelope is None:
        return (None, *where, record.data, None, None, letter.unit.fixes)
    identity = (UUID(bytes=envelope.request_id), at(envelope.received_at_us), letter.unit.fixes)
    return (letter.environment_id or None, *where, encode(envelope), *identity)


def storable(text: str, longest: int) -> str:
    """Text that a column can hold: what broke a step may be in its message, and must not break the parking too."""
    return text[:longest].encode("utf-8", "replace").decode().replace("\0", "")
