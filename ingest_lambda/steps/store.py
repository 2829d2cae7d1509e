"""The only place of the edge that talks to the database: one method a statement, one round trip or so each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from ingest_lambda.batch import (
    Accepted,
    CountKey,
    Dead,
    Environment,
    Rewritten,
    SetAside,
    State,
    Trail,
    UseKey,
)
from ingest_lambda.judgement import Believed, Bounds
from ingest_lambda.report import MICROSECONDS, DeviceInfo, encode
from ingest_lambda.standing import Anchor
from ingest_lambda.steps import crossing_statements, late_statements, rows, statements, use_statements

LANE_LOCKS = 0x4D50  # the first half of the advisory locks' key: "MP"
_EPOCH = datetime.fromtimestamp(0, UTC)
_DAY_US = 86_400 * MICROSECONDS
_MOST_KEY = 2**63 - 1

DeviceKey = tuple[int, str]


class Registered(NamedTuple):
    """A device as the register and its state have it; see Device and DeviceState."""

    deleted: bool
    wire_format: str
    speed_unit: str
    state: State | None
    presence: bytes | None = None


class _MicrosecondsLoader(Loader):
    """timestamptz as epoch microseconds: the steps reckon in integers."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return int.from_bytes(data, "big", signed=True) + rows.EPOCH_2000_US


def connect(url: str, *, name: str = "milepost-consumer") -> psycopg.Connection[tuple[Any, ...]]:
    """A connection for one worker, transactions opened by hand. Raises psycopg.OperationalError."""
    connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
        url, autocommit=True, connect_timeout=5, application_name=name
    )
    connection.execute(statements.SETTINGS)
    connection.adapters.register_loader("timestamptz", _MicrosecondsLoader)
    connection.execute(statements.STAGE_STATES)
    return connection


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
        return {
            row[0]: Environment(row[0], Bounds(row[1], row[2], row[3] * _DAY_US), *row[4:7]) for row in found
        }

    def find_devices(self, wanted: Sequence[DeviceKey]) -> dict[DeviceKey, tuple[int, str]]:
        """Those of the devices that are registered: id and uid (32 hexadecimal digits)."""
        columns = [list(column) for column in zip(*wanted, strict=True)]
        found = self._cursor.execute(statements.FIND_DEVICES, columns).fetchall()
        return {(row[0], row[1]): (row[2], row[3].hex) for row in found}

    def register_devices(
        self, wanted: Sequence[tuple[DeviceKey, DeviceInfo | None, str]]
    ) -> dict[DeviceKey, tuple[int, str, str]]:
        """Register devices, each with its wire form: id, uid and name of each that was not there. Somebody else's
        are left out."""
        columns = [
            [key[0] for key, _, _ in wanted],
            [key[1] for key, _, _ in wanted],
            *(
                [getattr(info, fact, None) or "" for _, info, _ in wanted]
                for fact in DeviceInfo.__struct_fields__
            ),
            [wire_format for _, _, wire_format in wanted],
        ]
        made = self._cursor.execute(statements.REGISTER_DEVICES, columns).fetchall()
        return {(row[0], row[1]): (row[2], row[3].hex, row[4]) for row in made}

    def update_devices(self, said: Sequence[tuple[int, DeviceInfo]]) -> None:
        """Write what devices say about themselves where it differs; a name only where there is none."""
        facts = ([getattr(info, fact) for _, info in said] for fact in DeviceInfo.__struct_fields__)
        self._cursor.execute(statements.UPDATE_DEVICES, [[device for device, _ in said], *facts])

    def wire_formats(self, said: Sequence[tuple[int, str]]) -> None:
        """Note in which wire form devices report now."""
        columns = [list(column) for column in zip(*said, strict=True)]
        self._cursor.execute(statements.WIRE_FORMATS, columns)

    def certified_devices(self, uids: Sequence[str]) -> dict[str, DeviceKey]:
        """Those of the devices (uid, 32 hexadecimal digits) that exist, with their environment and external id."""
        found = self._cursor.execute(statements.CERTIFIED_DEVICES, (list(uids),)).fetchall()
        return {row[0].hex: (row[1], row[2]) for row in found}

    def certificates_in_force(self, devices: Sequence[tuple[int, str]], now_us: int) -> set[str]:
        """Those of the devices (environment, uid) that have a certificate neither revoked nor expired."""
        environments, uids = ([row[column] for row in devices] for column in range(2))
        wanted = {"environments": environments, "uids": uids, "now": at(now_us)}
        found = self._cursor.execute(statements.CERTIFICATES_IN_FORCE, wanted).fetchall()
        return {row[0].hex for row in found}

    def states(self, ids: Sequence[int]) -> dict[int, Registered]:
        """Each of the devices that still has a row, held against every other writer until the transaction ends."""
        found = {row[0]: _registered(row) for row in self._states(ids)}
        if missing := [device for device in ids if device not in found]:
            held = self._cursor.execute(statements.STATELESS, (missing,)).fetchall()
            found |= {row[0]: Registered(row[1], row[2], row[3], None) for row in held}
            # whoever held one of them before us may have given it a state
            found |= {row[0]: _registered(row) for row in self._states(missing)}
        return found

    def _states(self, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        return self._cursor.execute(statements.STATES, (list(ids),)).fetchall()

    # --- what is written ---

    def add_positions(self, accepted: Sequence[Accepted], now_us: int) -> None:
        """Write kept fixes. Raises UniqueViolation when another writer stored one of them since we looked."""
        self._copy(statements.COPY_POSITIONS, rows.position_rows(accepted, now_us))

    def add_set_aside(self, reports: Sequence[SetAside], now_us: int) -> None:
        """Keep filtered and quarantined reports for the reasons page."""
        self._copy(statements.COPY_SET_ASIDE, rows.set_aside_rows(reports, now_us))

    def move_states(self, moved: Sequence[Trail], now_us: int) -> None:
        """Write the states of devices; one that is there already moves forward only."""
        self._copy(statements.COPY_STATES, rows.state_rows(moved, now_us))
        self._cursor.execute(statements.MOVE_STATES)

    def clear_staged(self) -> None:
        """Forget states that were staged earlier in the transaction."""
        self._cursor.execute(statements.CLEAR_STAGED)

    def suspect_states(self, suspected: Sequence[tuple[int, State]]) -> None:
        """Remember jumps not believed yet, and up to where fixes were judged; the rest of the state stays."""
        columns: list[list[Any]] = [
            [device for device, _ in suspected],
            [state.believed.recorded_at_us for _, state in suspected],
            [state.believed.suspect_at_us for _, state in suspected],
            [state.believed.suspect_longitude for _, state in suspected],
            [state.believed.suspect_latitude for _, state in suspected],
            [state.believed.suspect_count for _, state in suspected],
            [state.judged_to_us for _, state in suspected],
        ]
        self._cursor.execute(statements.SUSPECT_STATES, columns)

    def move_presences(self, moved: Sequence[tuple[int, bytes | None]]) -> None:
        """Write where devices are among geofences, of those whose marker stays."""
        columns = [list(column) for column in zip(*moved, strict=True)]
        self._cursor.execute(crossing_statements.MOVE_PRESENCES, columns)

    def rewrite(self, changes: Rewritten) -> None:
        """What late fixes change in the history and among the reports set aside; before anything is added."""
        if changes.withdrawn:
            self._cursor.executemany(
                late_statements.WITHDRAW_POSITION,
                [(trail.environment.id, trail.device_id, at(at_us)) for trail, at_us in changes.withdrawn],
            )
        if changes.restood:
            self._cursor.executemany(late_statements.RESTAND_POSITIONS, rows.restood_ranges(changes.restood))
        if changes.taken_up:
            self._cursor.execute(late_statements.TAKE_UP_ASIDE, (changes.taken_up,))
        if changes.reworded:
            columns: list[list[Any]] = [
                [row_id for row_id, _ in changes.reworded],
                [verdict.reason for _, verdict in changes.reworded],
                [verdict.detail for _, verdict in changes.reworded],
            ]
            self._cursor.execute(late_statements.REWORD_ASIDE, columns)

    def drop_states(self, devices: Sequence[int]) -> None:
        """Take away states: of devices left without an accepted fix, and of those whose marker goes back."""
        self._cursor.execute(late_statements.DROP_STATES, (list(devices),))

    def note_traces(self, traced: Sequence[tuple[int, UUID, UUID, int]]) -> None:
        """Lead from callers' trace ids to our request ids: environment, trace, request, received (epoch µs)."""
        columns = [list(column) for column in zip(*traced, strict=True)]
        self._cursor.execute(statements.NOTE_TRACES, columns)

    def count_outcomes(self, lane_number: int, counts: dict[CountKey, int]) -> None:
        """Add to the counts per environment, second, outcome and reason."""
        columns = [list(column) for column in zip(*sorted(counts), strict=True)]
        self._cursor.execute(
            statements.COUNT_OUTCOMES, (lane_number, *columns, [counts[key] for key in sorted(counts)])
        )

    def count_uses(self, lane_number: int, uses: dict[UseKey, int]) -> None:
        """Add to the counts per environment, hour, outcome and key. A number that can be no key's counts as none."""
        if any(not 0 <= key[3] <= _MOST_KEY for key in uses):
            known = Counter[UseKey]()
            for (environment, hour, what, key_id), count in uses.items():
                known[environment, hour, what, key_id if 0 <= key_id <= _MOST_KEY else 0] += count
            uses = known
        columns = [list(column) for column in zip(*sorted(uses), strict=True)]
        self._cursor.execute(
            use_statements.COUNT_USES, (lane_number, *columns, [uses[key] for key in sorted(uses)])
        )

    def note_active(self, devices: Sequence[tuple[int, int, int, int]]) -> None:
        """Note that devices were active in a month, each at its first instant: environment, month, device, µs."""
        columns = [list(column) for column in zip(*sorted(devices), strict=True)]
        self._cursor.execute(use_statements.NOTE_ACTIVE, columns)

    def park(self, dead: Iterable[Dead]) -> None:
        """Keep records that broke a step, so that they can be read, mended and driven again."""
        self._cursor.executemany(statements.PARK_DEAD, [_dead_row(letter) for letter in dead])

    def _copy(self, statement: str, packed: list[bytes]) -> None:
        with self._cursor.copy(statement) as copy:
            copy.write(rows.copy_data(packed))


def _registered(row: tuple[Any, ...]) -> Registered:
    """A row of STATES."""
    fix, suspect, anchor = row[4:9], row[9:13], row[13:16]
    believed = Believed(*fix, *(suspect if suspect[0] is not None else ()))
    return Registered(row[1], row[2], row[3], State(believed, Anchor(*anchor), row[16]), row[17])


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
