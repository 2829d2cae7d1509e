"""Reads uploads that wait: claims one by a lease, takes its rows a chunk at a time, each chunk one transaction.

A chunk's shipments, the faults of its rows and the count of how far the file was read are committed together. So a
reader that dies leaves the upload at the border of a chunk, and whoever takes its lease over goes on from there.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from time import monotonic
from typing import Any

import msgspec
from django.db import DatabaseError, connection
from django.db.models import F

from dispatch.intake.announcing import Counts, announce
from dispatch.intake.faults import Unreadable
from dispatch.intake.headings import Headings, find_heading
from dispatch.intake.models import ShipmentUpload
from dispatch.intake.moments import form_of
from dispatch.intake.options import Options
from dispatch.intake.rows import Draft, RowReader
from dispatch.intake.settling import Settler
from dispatch.intake.sheets import MOST_ROWS, Table, open_table
from tracker.tenants.models import Environment
from tracker.tenants.scope import scope

logger = logging.getLogger(__name__)
CHUNK = 500
LEASE = timedelta(seconds=60)
LOOKED_AT = 1_000  # rows, to see which of day and month comes first
FAILED_READS = 3  # of one upload by readers that died on it: then it is given up
WHY = "uploads of all customers are read in one go"
State = ShipmentUpload.State


class ClaimLost(Exception):
    """Somebody else has the upload: this reader was silent for longer than its lease."""


@dataclass
class Claim:
    """An upload that this process reads, until the lease that is renewed with every chunk."""

    pk: int
    environment_id: int
    until: datetime


@dataclass(frozen=True)
class Opened:
    """A file whose heading was found."""

    table: Table
    headings: Headings
    rows: Iterator[tuple[int, list[str]]]
    options: Options
    above: int  # rows down to the heading


def read_waiting(now: datetime, *, going: Callable[[], bool] = lambda: True) -> int:
    """Read the uploads that wait, the oldest first, each to its end; how many rows were read.

    Takes long for large files (20,000 rows of CSV: 9 s of a core, and the database's): call it beside other work. Ends
    early, at the border of a chunk, once `going` says no; whoever calls next goes on there.
    """
    started, rows = monotonic(), 0
    while going():
        claim = _claim(now + timedelta(seconds=monotonic() - started))
        if claim is None:
            break
        rows += _read(claim, now, started, going)
    return rows


def open_upload(content: bytes, options: Options) -> Opened:
    """The file up to its heading, and how it is to be read. Raises Unreadable."""
    table = open_table(content, encoding=options.encoding, delimiter=options.delimiter)
    first = list(islice(table.rows, LOOKED_AT))
    headings, above = find_heading(first, options.columns)
    if not options.date_form:
        dated = [
            headings.at[name] for name in ("slot", "slot_date", "slot_from", "slot_to") if name in headings.at
        ]
        form = form_of(row[at] for _, row in first[above:] for at in dated if at < len(row))
        options = msgspec.structs.replace(options, date_form=form)
    return Opened(table, headings, chain(first[above:], table.rows), options, above)


def facts_of(opened: Opened) -> dict[str, Any]:
    """What is shown of how a file was read."""
    headings = opened.headings
    return {
        "kind": opened.table.kind,
        "encoding": opened.table.encoding,
        "guessed": opened.table.guessed,
        "delimiter": opened.table.delimiter,
        "date_form": opened.options.date_form,
        "columns": {
            headings.heading(at): name for name, at in sorted(headings.at.items(), key=lambda one: one[1])
        },
        "sizes": {headings.heading(at): unit for unit, at in headings.sizes.items()},
        "unknown": list(headings.unknown)[:50],
        "beside": dict(headings.beside),
    }


def _claim(now: datetime) -> Claim | None:
    """Take the oldest upload that nobody reads; one whose readers died on it again and again is given up."""
    with scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE dispatch_shipmentupload SET state = 'reading', leased_until = %(until)s,
                facts = jsonb_set(facts, '{tries}', to_jsonb(coalesce((facts->>'tries')::integer, 0) + 1))
            WHERE id = (
                SELECT id FROM dispatch_shipmentupload
                WHERE state = 'waiting' OR (state = 'reading' AND leased_until < %(now)s)
                ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
            )
            RETURNING id, environment_id, (facts->>'tries')::integer
            """,
            {"until": now + LEASE, "now": now},
        )
        row = cursor.fetchone()
    if row is None:
        return None
    claim = Claim(row[0], row[1], now + LEASE)
    if row[2] > FAILED_READS:
        _end(claim, now, problem=f"Reading it broke off {FAILED_READS} times. Rows that were read are kept.")
        return _claim(now)
    return claim


def _read(claim: Claim, now: datetime, started: float, going: Callable[[], bool]) -> int:
    def clock() -> datetime:
        return now + timedelta(seconds=monotonic() - started)

    rows = 0
    try:
        with scope(environment_id=claim.environment_id):
            upload = ShipmentUpload.objects.for_environment(claim.environment_id).get(pk=claim.pk)
            environment = Environment.objects.unscoped("of the upload that was claimed").get(
                pk=claim.environment_id
            )
            opened = open_upload(bytes(upload.content or b""), msgspec.convert(upload.options, Options))
            reader = RowReader(opened.headings, opened.options, comma=opened.table.delimiter == ";")
            settler = Settler(environment, reader, opened.options, upload.hub_id)
        for chunk in _chunks(opened.rows, upload.rows, reader):
            if not going():
                _give_back(claim)
                return rows
            _take(claim, upload, settler, [reader.read(*row) for row in chunk], opened, clock())
            rows += len(chunk)
        _end(claim, clock())
    except Unreadable as why:
        _end(claim, clock(), problem=str(why))
    except ClaimLost:
        logger.warning("another reader took the upload over", extra={"upload": claim.pk})
    except DatabaseError:
        raise  # the database is away: the lease ends, and the upload is read on
    except Exception:
        logger.exception("an upload broke its reader", extra={"upload": claim.pk})
        _end(
            claim,
            clock(),
            problem="A mistake of ours broke off the reading. Rows that were read are kept; tell us.",
        )
    return rows


def _chunks(
    rows: Iterator[tuple[int, list[str]]], done: int, reader: RowReader
) -> Iterator[list[tuple[int, list[str]]]]:
    """The rows that were not taken yet. Those that were are read again, unwritten: alike ones are numbered."""
    taken = 0
    for number, row in islice(rows, done):
        reader.read(number, row)
        taken += 1
    while part := list(islice(rows, CHUNK)):
        taken += len(part)
        if taken > MOST_ROWS:
            raise Unreadable(f"Only the first {MOST_ROWS:,} rows were read: cut the file into several.")
        yield part


def _take(
    claim: Claim,
    upload: ShipmentUpload,
    settler: Settler,
    drafts: Sequence[Draft],
    opened: Opened,
    now: datetime,
) -> None:
    """One transaction: the claim renewed, the rows announced, their faults and the counts written."""
    with scope(environment_id=claim.environment_id):
        _renew(claim, now)
        counts = announce(
            claim.environment_id, upload, settler.settle(drafts, now=now), opened.options, now=now
        )
        _count(claim, counts, opened)


def _renew(claim: Claim, now: datetime) -> None:
    rows = ShipmentUpload.objects.for_environment(claim.environment_id)
    mine = rows.filter(pk=claim.pk, state=State.READING, leased_until=claim.until)
    if not mine.update(leased_until=now + LEASE):
        raise ClaimLost
    claim.until = now + LEASE


def _count(claim: Claim, counts: Counts, opened: Opened) -> None:
    total = opened.table.total
    ShipmentUpload.objects.for_environment(claim.environment_id).filter(pk=claim.pk).update(
        rows=F("rows") + counts.rows,
        created=F("created") + counts.created,
        repeated=F("repeated") + counts.repeated,
        changed=F("changed") + counts.changed,
        refused=F("refused") + counts.refused,
        doubtful=F("doubtful") + counts.doubtful,
        total_rows=max(0, total - opened.above) if total is not None else None,
        facts=facts_of(opened) | {"tries": 0},
    )


def _give_back(claim: Claim) -> None:
    with scope(environment_id=claim.environment_id):
        rows = ShipmentUpload.objects.for_environment(claim.environment_id)
        rows.filter(pk=claim.pk, leased_until=claim.until).update(state=State.WAITING, leased_until=None)


def _end(claim: Claim, now: datetime, *, problem: str = "") -> None:
    """The upload is read, or cannot be; the file itself goes once it is of no more use."""
    with scope(environment_id=claim.environment_id):
        rows = ShipmentUpload.objects.for_environment(claim.environment_id)
        mine = rows.filter(pk=claim.pk, leased_until=claim.until)
        if problem:
            mine.update(state=State.FAILED, problem=problem[:500], finished_at=now, leased_until=None)
        else:
            mine.update(
                state=State.DONE,
                finished_at=now,
                leased_until=None,
                content=None,
                total_rows=F("rows"),
                problem="",
            )
