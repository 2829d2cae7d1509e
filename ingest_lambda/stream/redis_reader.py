"""The read side of the stream on Redis: entries by lane, and what the operator wants to know of a lane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import redis

from ingest_lambda.stream import StreamEntry

BEGINNING = "0-0"
# An answer to a blocking read may take its wait and then some; a server that is silent for longer is gone.
SILENCE_S = 10.0


class Tail(NamedTuple):
    """The end of a lane: the last id Redis gave out on it, how many entries it holds, how many there ever were."""

    last_id: str
    held: int
    added: int


def order(entry_id: str) -> tuple[int, int]:
    """An entry id as something that compares: milliseconds and sequence."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def open_redis(url: str) -> redis.Redis:
    """A client for stream and fan-out. Raises nothing yet: it connects with its first command.

    RESP 2 is pinned, for redis-py shapes the answers of RESP 3 differently.
    """
    client: redis.Redis = redis.Redis.from_url(
        url, protocol=2, socket_timeout=SILENCE_S, socket_connect_timeout=5.0, health_check_interval=0
    )
    return client


class RedisStreamReader:
    """StreamReader on Redis Streams, without consumer groups: the offsets live beside the data they led to."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def read(self, offsets: Mapping[str, str], *, limit: int, wait_s: float) -> list[StreamEntry]:
        """See StreamReader.read; at most `limit` entries a lane. Raises redis.RedisError."""
        if not offsets:
            return []
        wait_ms = max(1, int(wait_s * 1000)) if wait_s > 0 else None
        after: dict[Any, Any] = dict(offsets)
        answer = cast(
            "list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes] | None]]]]",
            self._client.xread(after, count=limit, block=wait_ms),
        )
        return [
            _entry(lane.decode(), entry_id, fields)
            for lane, entries in answer or ()
            for entry_id, fields in entries
        ]

    def again(self, lane: str, entry_id: str) -> StreamEntry | None:
        """One entry once more; None where the lane no longer holds it."""
        answer = cast("list[tuple[bytes, dict[bytes, bytes]]]", self._client.xrange(lane, entry_id, entry_id))
        return _entry(lane, *answer[0]) if answer else None

    def trim(self, lane: str, before: str) -> int:
        """See StreamReader.trim. Redis drops whole nodes, so a few older entries stay."""
        return int(self._client.xtrim(lane, minid=before, approximate=True))

    def tail(self, lane: str) -> Tail:
        """Where the lane ends; a lane nobody wrote to ends where it begins."""
        try:
            facts = self._client.xinfo_stream(lane)
        except redis.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return Tail(BEGINNING, 0, 0)
        last_id = facts["last-generated-id"]
        return Tail(last_id.decode(), facts["length"], facts.get("entries-added", facts["length"]))

    def next_id(self, lane: str, after: str) -> str | None:
        """The id of the first entry after `after`: how long it has waited is how far the lane lags."""
        answer = cast("list[tuple[bytes, Any]]", self._client.xrange(lane, f"({after}", "+", count=1))
        return answer[0][0].decode() if answer else None


def _entry(lane: str, entry_id: bytes, fields: dict[bytes, bytes] | None) -> StreamEntry:
    # `f` is the flush's id; the rest are envelopes in the order they were written
    envelopes = tuple(data for name, data in (fields or {}).items() if name[:1] == b"e")
    return StreamEntry(lane, entry_id.decode(), envelopes)
