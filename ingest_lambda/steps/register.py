"""Stores registrations: a device that is new gets its row, one that says something new gets it written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum

from ingest_lambda.report import MAX_METADATA_BYTES, DeviceInfo, Registration
from ingest_lambda.steps import register_statements
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store

_COLUMNS = {"name": "names", "model": "models", "os": "systems", "app_version": "versions"}


class Registered(StrEnum):
    """What became of a registration."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"  # nothing new in it, or the device is deleted and stays so
    TURNED_AWAY = "turned_away"  # its key was revoked, or its environment is gone


def register(
    registrations: Sequence[Registration], store: Store, known: Known, now_us: int
) -> Counter[Registered]:
    """Store them in order, inside the caller's transaction; how many came to which end."""
    ended: Counter[Registered] = Counter()
    for batch in _each_device_once(_admitted(registrations, store, known, now_us)):
        written = _write(batch, store)
        for key in written:
            known.devices.pop(key, None)  # what it last said is another thing now
        ended[Registered.NEW] += sum(written.values())
        ended[Registered.CHANGED] += len(written) - sum(written.values())
        ended[Registered.SAME] += len(batch) - len(written)
    ended[Registered.TURNED_AWAY] += len(registrations) - sum(ended.values())
    return ended


def _admitted(
    registrations: Sequence[Registration], store: Store, known: Known, now_us: int
) -> list[Registration]:
    """Those whose key may still report into their environment: the door may not know it yet."""
    stale = known.stale_keys({one.key_id for one in registrations}, now_us)
    if stale:
        known.learn_keys(stale, store.keys(stale), now_us)
    return [one for one in registrations if known.keys.get(one.key_id) == one.environment_id]


def _each_device_once(registrations: Sequence[Registration]) -> Iterator[list[Registration]]:
    """In order, in as few batches as hold no device twice: one statement cannot write a row two times."""
    batch: dict[tuple[int, str], Registration] = {}
    for one in registrations:
        key = (one.environment_id, one.device)
        if key in batch:
            yield list(batch.values())
            batch = {}
        batch[key] = one
    if batch:
        yield list(batch.values())


def _write(batch: Sequence[Registration], store: Store) -> dict[tuple[int, str], bool]:
    """The devices that were written, and whether each is new."""
    columns: dict[str, object] = {
        "environments": [one.environment_id for one in batch],
        "devices": [one.device for one in batch],
        "metadata": [one.metadata or "{}" for one in batch],
        "largest": MAX_METADATA_BYTES,
    }
    for fact in DeviceInfo.__struct_fields__:
        columns[_COLUMNS[fact]] = [getattr(one.info, fact) or "" for one in batch]
    rows = store.connection.execute(register_statements.REGISTER, columns).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}
