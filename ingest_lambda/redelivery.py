"""Records that a stream may deliver again are noted in the transaction of what they mean, and taken once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from ingest_lambda.batch import Unit
from ingest_lambda.steps import statements
from ingest_lambda.steps.store import Store

Identity = tuple[UUID, int]
UNREADABLE_PART = -32_768  # no envelope has this part


def identity(unit: Unit) -> Identity:
    """What a record is known by however often it comes: its request and its part, or where it stands."""
    if unit.envelope is not None:
        return UUID(bytes=unit.envelope.request_id), unit.envelope.part
    where = f"{unit.record.lane} {unit.record.entry_id} {unit.record.entry_index}"
    return UUID(bytes=hashlib.sha256(where.encode()).digest()[:16]), UNREADABLE_PART


def take_once(units: Sequence[Unit], store: Store) -> list[Unit]:
    """Those of the units that were never stored, in order, each once; from here on they count as stored.

    Another transaction that is storing one of them is waited for. Call it first in the transaction.
    """
    first: dict[Identity, Unit] = {}
    for unit in units:
        first.setdefault(identity(unit), unit)
    # sorted by the statement, so that two deliveries of the same records wait for one another and do not deadlock
    columns = [[request_id for request_id, _ in first], [part for _, part in first]]
    taken = set(store.connection.execute(statements.TAKE_ONCE, columns).fetchall())
    return [unit for key, unit in first.items() if key in taken]
