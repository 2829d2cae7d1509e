"""Looks for a request on the stream, which keeps what is stored for another hour: only there all of it stands.

Redis alone. The layout is the edge's (`ingest_lambda/stream`): a stream a lane, `loc:0` and on; an entry's fields
`e0`, `e1` … are envelopes.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

from ingest_lambda.report import BadEnvelope, Envelope, decode
from tracker.follow.ids import made_at
from tracker.http.connections import redis_client
from tracker.ingestion.models import StreamProgress

LANE = re.compile(r"loc:[0-9]+")
BEFORE, AFTER = (
    timedelta(seconds=5),
    timedelta(seconds=30),
)  # clocks differ; a stream that is away is waited for
PAGE, MOST_PAGES = 500, 400
LONGEST_S = 4.0
_ENVELOPE = re.compile(rb"e[0-9]+")
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class OnStream:
    """One envelope of the request, where it stands. `stored`: the lane's consumer is past it."""

    lane: str
    entry_id: str
    index: int
    put_at: datetime
    stored: bool
    envelope: Envelope


def find(request: UUID) -> list[OnStream]:
    """The request's envelopes, as far as the stream still has them; none where it is away or looking takes long."""
    moment = made_at(request)
    if moment is None:
        return []
    client = redis_client(settings.REDIS_URL)
    try:
        found = list(_look(client, request, moment))
    except redis.RedisError:
        return []
    return sorted(found, key=lambda one: one.envelope.part)


def _look(client: "redis.Redis", request: UUID, moment: datetime) -> Iterator[OnStream]:
    ends = time.monotonic() + LONGEST_S
    names = [name for number in range(settings.STREAM_LANES) if LANE.fullmatch(name := f"loc:{number}")]
    places = dict(StreamProgress.objects.filter(lane__in=names).values_list("lane", "entry_id"))
    for lane in names:
        begin, last = str(_milliseconds(moment - BEFORE)), str(_milliseconds(moment + AFTER))
        for _ in range(MOST_PAGES):
            entries: list[Any] = list(client.xrange(lane, min=begin, max=last, count=PAGE) or [])
            for entry_id, fields in entries:
                yield from _in_entry(lane, entry_id.decode(), fields, request, places.get(lane, "0-0"))
            if len(entries) < PAGE or time.monotonic() > ends:
                break
            begin = f"({entries[-1][0].decode()}"


def _in_entry(
    lane: str, entry_id: str, fields: dict[bytes, bytes], request: UUID, stored_to: str
) -> Iterator[OnStream]:
    for name, data in fields.items():
        # sixteen bytes are found faster than an envelope is decoded
        if request.bytes not in data or not _ENVELOPE.fullmatch(name):
            continue
        try:
            envelope = decode(data)
        except BadEnvelope:
            continue
        if envelope.request_id == request.bytes:
            put_at = _EPOCH + timedelta(milliseconds=_order(entry_id)[0])
            stored = _order(entry_id) <= _order(stored_to)
            yield OnStream(lane, entry_id, int(name[1:]), put_at, stored, envelope)


def _milliseconds(moment: datetime) -> int:
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)
