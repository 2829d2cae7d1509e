"""What the database says of dead letters that are to be driven again; `redrive` decides, this reads and writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ingest_lambda.batch import Record
from ingest_lambda.steps import statements
from ingest_lambda.steps.store import Store, at, storable

LONGEST_ERROR = 4000


class Letter(NamedTuple):
    """A dead letter as it lies: whose it is (0: nobody's), its record, and the fixes it is counted for."""

    id: int
    environment_id: int
    record: Record
    fixes: int
    received_at_us: int | None
    created_at_us: int


def next_asked(store: Store, passed_over: Collection[int]) -> Letter | None:
    """The first letter somebody wants driven again, locked until the transaction ends; none that another worker
    holds, and none of `passed_over`."""
    cursor = store.connection.cursor(binary=True)
    row = cursor.execute(statements.ASKED_LETTER, (list(passed_over),)).fetchone()
    if row is None:
        return None
    record = Record(row[2], row[3], row[4], bytes(row[5]))
    return Letter(row[0], row[1] or 0, record, row[6], row[7], row[8])


def keys_at(store: Store, key_id: int, time_us: int) -> dict[int, int]:
    """The key and its environment, if it was in force at that time."""
    found = store.connection.execute(statements.KEYS_AT, {"ids": [key_id], "now": at(time_us)}).fetchall()
    return dict(found)


def certified_at(store: Store, environment_id: int, uid: str, time_us: int) -> bool:
    """Whether a certificate of the device was in force at that time."""
    facts = {"environments": [environment_id], "uids": [uid], "now": at(time_us)}
    return store.connection.execute(statements.CERTIFICATES_AT, facts).fetchone() is not None


def is_redriven(store: Store, letter: Letter, now_us: int) -> None:
    """Close the letter, in the transaction of what it became."""
    store.connection.execute(statements.LETTER_REDRIVEN, {"id": letter.id, "now": at(now_us)})


def failed_again(store: Store, letter: Letter, error: str) -> None:
    """Keep the letter and say why it cannot be driven yet; it waits until somebody asks anew."""
    said = storable(error, LONGEST_ERROR)
    store.connection.execute(statements.LETTER_FAILED_AGAIN, {"id": letter.id, "error": said})
