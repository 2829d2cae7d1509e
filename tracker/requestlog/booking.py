"""Books what doors and API told of their requests, out of Redis into the database; forgets it after its time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection

from ingest_lambda.request_log import REQUESTS, Count, Entry, Told, decode
from tracker.devices.models import Device
from tracker.devices.references import EXTERNAL
from tracker.http.connections import redis_client
from tracker.http.logs import without_secrets
from tracker.ingestion.models import StreamProgress
from tracker.requestlog.models import RequestCount, RequestRecord
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

LANE = "requests"  # how far it was read, in the transaction of what was read: nothing is booked twice
LOCK = 0x4D50_4C06
KEPT_FOR, COUNTED_FOR = timedelta(days=7), timedelta(days=90)
ENTRIES_AT_ONCE, ROWS_AT_ONCE = 300, 2_000
WHY = "the requests of every customer are booked together"
ADD_COUNTS = """
    INSERT INTO tracker_requestcount AS c (environment_id, hour, door, key_id, outcome, count)
    SELECT environment_id, to_timestamp(hour * 3600), door, key_id, outcome, count
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[])
        AS told (environment_id, hour, door, key_id, outcome, count)
    ON CONFLICT (environment_id, hour, door, key_id, outcome) DO UPDATE SET count = c.count + excluded.count"""
FORGET = "DELETE FROM {0} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {0} WHERE {1} < %s LIMIT %s))"
_EPOCH = datetime.fromtimestamp(0, UTC)


def book() -> int:
    """Everything that was told since the last time; returns how many requests were kept whole. Raises RedisError."""
    kept, more = 0, True
    while more:
        with scope.scope(unscoped=WHY):
            if not _alone():
                return kept
            place = StreamProgress.objects.filter(lane=LANE).values_list("entry_id", flat=True).first()
            found: Any = redis_client(settings.REDIS_URL).xrange(
                REQUESTS, f"({place}" if place else "-", "+", count=ENTRIES_AT_ONCE
            )
            if not found:
                return kept
            last = found[-1][0].decode()
            kept += _store(_opened(found))
            StreamProgress.objects.update_or_create(
                lane=LANE,
                defaults={"entry_id": last, "entry_index": 0, "updated_at": datetime.now(UTC)},
            )
        redis_client(settings.REDIS_URL).xtrim(REQUESTS, minid=last, approximate=False)
        more = len(found) == ENTRIES_AT_ONCE
    return kept


def forget(*, now: datetime, at_once: int = ROWS_AT_ONCE) -> int:
    """Delete requests older than a week and counts older than a quarter, a batch a transaction; returns how many."""
    forgotten = 0
    for model, column, age in ((RequestRecord, "at", KEPT_FOR), (RequestCount, "hour", COUNTED_FOR)):
        deleted = at_once
        while deleted == at_once:
            with scope.scope(unscoped=WHY), connection.cursor() as cursor:
                cursor.execute(FORGET.format(model._meta.db_table, column), [now - age, at_once])
                deleted = cursor.rowcount
            forgotten += deleted
    return forgotten


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _opened(found: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Told]:
    """What was told; one that was sent twice, since its first answer was lost, once."""
    opened: dict[bytes, Told] = {}
    for _, fields in found:
        try:
            told = decode(fields.get(b"t", b""))
        except msgspec.MsgspecError:  # of another release
            continue
        opened[told.mark] = told
    return list(opened.values())


def _store(all_told: list[Told]) -> int:
    entries = [entry for told in all_told for entry in told.entries]
    counts: Counter[Any] = Counter()
    for told in all_told:
        for count in told.counts:
            counts[count[:-1]] += count[-1]
    named = {place[0] for place in counts} | {entry.environment_id for entry in entries}
    there = set(Environment.objects.unscoped(WHY).filter(pk__in=named).values_list("pk", flat=True))
    _add([(*place, count) for place, count in sorted(counts.items()) if place[0] in there])
    names = _names(entries)
    records = [
        record for entry in entries if entry.environment_id in there and (record := _record(entry, names))
    ]
    RequestRecord.objects.unscoped(WHY).bulk_create(records, batch_size=ROWS_AT_ONCE, ignore_conflicts=True)
    return len(records)


def _add(counts: list[Count]) -> None:
    if counts:
        with connection.cursor() as cursor:
            cursor.execute(ADD_COUNTS, [list(column) for column in zip(*counts, strict=True)])


def _names(entries: list[Entry]) -> dict[tuple[int, UUID], str]:
    """The external ids of devices that calls named by ours: by one name a device is found, and erased."""
    wanted = {uid for entry in entries if (uid := _own_id(entry.device)) is not None}
    if not wanted:
        return {}
    rows = Device.objects.unscoped(WHY).filter(
        environment_id__in={entry.environment_id for entry in entries}, uid__in=wanted
    )
    return {(row[0], row[1]): row[2] for row in rows.values_list("environment_id", "uid", "external_id")}


def _own_id(text: str) -> UUID | None:
    try:
        return parse_id("dev", text)
    except BadIdentifier:
        return None


def _record(entry: Entry, names: Mapping[tuple[int, UUID], str]) -> RequestRecord | None:
    try:
        request_id = UUID(hex=entry.request_id.removeprefix("req_"))
        at = _EPOCH + timedelta(microseconds=entry.at_us)
    except (ValueError, OverflowError):
        return None
    uid = _own_id(entry.device)
    device = names.get((entry.environment_id, uid), "") if uid else entry.device.removeprefix(EXTERNAL)
    return RequestRecord(
        environment_id=entry.environment_id,
        at=at,
        request_id=request_id,
        door=entry.door,
        method=_text(entry.method, 8),
        route=_text(entry.route, 200),
        key_id=entry.key_id,
        status=entry.status,
        outcome=entry.outcome,
        reason=_text(entry.reason, 60),
        duration_us=entry.duration_us,
        device=_text(device, 200),
        accepted=entry.accepted if entry.accepted >= 0 else None,
        refused=entry.refused if entry.refused >= 0 else None,
    )


def _text(value: str, longest: int) -> str:
    """A text that fits, without keys, NUL or halves of characters."""
    plain = value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return without_secrets(plain)[:longest]
