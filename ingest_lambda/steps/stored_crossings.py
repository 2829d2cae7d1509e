"""Visits and crossings as they are stored: read for comparison, written as they are true now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from ingest_lambda.presence.event import Named
from ingest_lambda.presence.telling import Crossing, Told, Visit
from ingest_lambda.steps import crossing_statements as statements

if TYPE_CHECKING:
    from ingest_lambda.steps.store import Store


class Span(NamedTuple):
    """A time of a device: later than `from_us`, up to `to_us`."""

    environment_id: int
    device_id: int
    from_us: int
    to_us: int


class NewCrossing(NamedTuple):
    """A row of crossings to be written, in the order of TELL_CROSSINGS."""

    uid: UUID
    environment_id: int
    device_id: int
    kind: str
    cause: str
    from_id: int | None
    to_id: int | None
    from_name: str | None
    to_name: str | None
    occurred_us: int
    decided_us: int
    longitude: float | None
    latitude: float | None
    version: int
    corrects_id: int | None
    received_us: int
    request_id: UUID | None
    stored_us: int


class NewEvent(NamedTuple):
    """A row of the outbox to be written, in the order of RECORD_EVENTS."""

    environment_id: int
    kind: str
    device_id: int
    data: str
    occurred_us: int
    request_id: UUID | None


def load_visits(store: Store, spans: Sequence[Span]) -> list[list[tuple[int, Visit]]]:
    """Of each span the visits that were under way, or begun, in it, with their rows' ids; held for writing."""
    visits: list[list[tuple[int, Visit]]] = [[] for _ in spans]
    if spans:
        cursor = store.connection.cursor(binary=True)
        for place, row_id, *facts in cursor.execute(statements.VISITS, _columns(spans)).fetchall():
            visits[place - 1].append((row_id, Visit(*facts)))
    return visits


def load_told(store: Store, spans: Sequence[Span]) -> list[list[Told]]:
    """Of each span the crossings decided in it that are believed until now."""
    told: list[list[Told]] = [[] for _ in spans]
    if spans:
        cursor = store.connection.cursor(binary=True)
        for place, row_id, uid, *facts in cursor.execute(statements.TOLD, _columns(spans)).fetchall():
            told[place - 1].append(Told(row_id, uid, Crossing(*facts[:9]), *facts[9:]))
    return told


def _columns(spans: Sequence[Span]) -> dict[str, list[int]]:
    environments, devices, from_us, to_us = ([span[n] for span in spans] for n in range(4))
    return {"environments": environments, "devices": devices, "from_us": from_us, "to_us": to_us}


def names_of(store: Store, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], Named]:
    """Geofences (environment, id) as nobody calls them: without a name."""
    environments, ids = ([one[n] for one in wanted] for n in range(2))
    rows = store.connection.cursor(binary=True).execute(statements.GEOFENCES, (environments, ids)).fetchall()
    return {(row[0], row[1]): Named(row[2].hex, row[3], "") for row in rows}


def put_visits(store: Store, gone: Sequence[int], visits: Sequence[tuple[int, int, Visit]]) -> None:
    """Remove rows, and write visits of (environment, device) over what is there."""
    cursor = store.connection.cursor(binary=True)
    if gone:
        cursor.execute(statements.FORGET_VISITS, (list(gone),))
    if visits:
        rows = sorted((environment, device, *visit) for environment, device, visit in visits)
        cursor.execute(statements.PUT_VISITS, _transposed(rows))


def tell(
    store: Store,
    superseded: Sequence[int],
    crossings: Sequence[NewCrossing],
    events: Sequence[NewEvent],
    now: Any,
) -> None:
    """Write crossings and their events; the rows that are not believed any more say so."""
    cursor = store.connection.cursor(binary=True)
    if superseded:
        cursor.execute(statements.SUPERSEDE, {"ids": list(superseded), "now": now})
    if crossings:
        cursor.execute(statements.TELL_CROSSINGS, _transposed(crossings))
        cursor.execute(statements.RECORD_EVENTS, _transposed(events))


def _transposed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
