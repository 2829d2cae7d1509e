"""Where strangers come in: from a token to what may be seen, kept for a moment, and slow for who tries many.

A link is looked up with one query by the hash of its token. What it shows is kept in the process for a second and a
half, so that a hundred who watch one trip cost what one costs.
"""

import hashlib
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from redis.exceptions import RedisError

from tracker.trips.glimpse import Seen, glimpse
from tracker.trips.shares import ALPHABET, TOKEN_CHARACTERS, digest

KEPT_S, MOST_KEPT = 1.5, 5_000
MISSES_A_MINUTE = 30
LOOK = """
    SELECT s.id, s.reveal_within_m, s.expires_at, s.revoked_at, t.state, t.destination_name,
        ST_X(t.destination), ST_Y(t.destination), t.started_at, t.scheduled_at, t.eta_at, t.eta_latest_at,
        t.delayed_since, t.arrived_at, t.ended_at, d.recorded_at, d.longitude, d.latitude, d.heading_deg
    FROM tracker_tripshare s
    JOIN tracker_trip t ON t.id = s.trip_id
    LEFT JOIN tracker_devicestate d ON d.device_id = t.device_id
    WHERE s.token_sha256 = %s"""


class Shown(NamedTuple):
    """What a link shows now: as facts, as the JSON of them, and its ETag."""

    share_id: int
    facts: dict[str, Any]
    body: bytes
    etag: str


class TooManyTries(Exception):
    """This address tried so many links that there are not, that it must wait a minute."""


_kept: OrderedDict[bytes, tuple[float, Shown]] = OrderedDict()


def shown(request: HttpRequest, token: str, *, now: datetime) -> Shown | None:
    """What the link with this token shows; None for one that is unknown, expired, revoked or over, without saying
    which. Raises TooManyTries."""
    key = digest(token)
    clock = time.monotonic()
    if (kept := _kept.get(key)) is not None and clock - kept[0] < KEPT_S:
        return kept[1]
    _refuse_guessers(request, now)
    found = _look(key, now) if _could_be(token) else None
    if found is None:
        _kept.pop(key, None)
        _count_miss(request, now)
        return None
    _kept[key] = (clock, found)
    _kept.move_to_end(key)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _look(key: bytes, now: datetime) -> Shown | None:
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [key])
        row = cursor.fetchone()
    facts = glimpse(seen := Seen(*row), now=now) if row else None
    if facts is None:
        return None
    body = msgspec.json.encode(facts)
    return Shown(seen.share_id, facts, body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _could_be(token: str) -> bool:
    return len(token) == TOKEN_CHARACTERS and set(token) <= set(ALPHABET)


def _refuse_guessers(request: HttpRequest, now: datetime) -> None:
    """With Redis away nobody is refused: whoever waits for a delivery must see it."""
    with suppress(RedisError):
        if cache.get(_counter(request, now), 0) >= MISSES_A_MINUTE:
            raise TooManyTries


def _count_miss(request: HttpRequest, now: datetime) -> None:
    counter = _counter(request, now)
    with suppress(RedisError, ValueError):  # or it ran out between the two lines
        cache.add(counter, 0, 120)
        cache.incr(counter)


def _counter(request: HttpRequest, now: datetime) -> str:
    """The front door writes the one address it saw into the header; without a front there is the socket's."""
    address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    address = address or request.META.get("REMOTE_ADDR", "")
    return f"link-misses:{hashlib.sha256(address.encode()).hexdigest()[:24]}:{int(now.timestamp() // 60)}"
