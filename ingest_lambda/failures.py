"""What can go wrong while storing, in two kinds: wait and try again, or take the culprit out."""

from __future__ import annotations

import psycopg
import redis
from psycopg import errors


class Retriable(Exception):
    """The batch is good, its surroundings are not: hold it, lose nothing, try again."""


class Storm(Retriable):
    """Nearly every record fails for good: a broken step, so hold instead of emptying the stream."""


class Final(Exception):
    """Trying again would fail again: something in the batch itself breaks a step.

    `kind` says in a word or two what it was, the same for every record that broke in this way.
    """

    def __init__(self, sentence: str, kind: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind or sentence[:40]


class LaneMoved(Exception):
    """Somebody else has taken this lane further: begin again at `entry_id`, `entry_index`."""

    def __init__(self, lane: str, entry_id: str, entry_index: int) -> None:
        super().__init__(f"{lane} already stands at {entry_id}, envelope {entry_index}")
        self.lane = lane
        self.entry_id = entry_id
        self.entry_index = entry_index


# SQLSTATE classes where no record is to blame: connection, rollback (serialization, deadlock), authority,
# syntax and missing tables (a migration not run), resources, limits, state, operator, system, configuration,
# internal errors. Dead-lettering under these would empty the stream into the dead letters.
_NOT_THE_RECORDS_FAULT = ("08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0", "XX")


def is_taken_key(error: BaseException) -> bool:
    """A position that another writer stored since we looked."""
    return isinstance(error, errors.UniqueViolation)


def is_lost_parent(error: BaseException) -> bool:
    """A device or environment that was removed since we looked."""
    return isinstance(error, errors.ForeignKeyViolation)


def classify(error: Exception) -> Retriable | Final:
    """Which kind `error` is, with a sentence that says what and where."""
    if isinstance(error, Retriable | Final):
        return error
    if isinstance(error, errors.CheckViolation) and not error.diag.constraint_name:
        return Retriable(
            f"no partition for a position: see the runbook on missing partitions. {error.diag.message_detail}"
        )
    if isinstance(error, redis.RedisError):
        return Retriable(f"Redis: {error}")
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return Retriable(f"database connection: {error}")
        if state is not None and state.startswith(_NOT_THE_RECORDS_FAULT):
            return Retriable(f"database {state}: {error}")
        return Final(f"database {state}: {error}", f"database {state}")
    if isinstance(error, OSError | MemoryError):
        return Retriable(f"{type(error).__name__}: {error}")
    return Final(f"{type(error).__name__}: {error}", type(error).__name__)
