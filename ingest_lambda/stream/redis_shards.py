"""The stream on Redis read as an event source mapping reads: each lane a shard, each envelope a record of its own."""

from __future__ import annotations

import redis

from ingest_lambda.report import BadEnvelope, decode
from ingest_lambda.stream import lane_name
from ingest_lambda.stream.redis_reader import RedisStreamReader
from ingest_lambda.stream.shards import Page, Shard, ShardRecord, StreamAway

# A sequence number is milliseconds, Redis' own number within them, and the envelope's place in its entry, as digits.
_SEQUENCE_DIGITS, _PLACE_DIGITS = 8, 6


class RedisShards:
    """ShardSource on Redis Streams. Lanes never close."""

    def __init__(self, client: redis.Redis, lanes: int) -> None:
        self._client = client
        self._lanes = [lane_name(number) for number in range(lanes)]
        self._reader = RedisStreamReader(client)

    def lane(self, shard: str) -> str:
        """See ShardSource.lane."""
        return shard

    def shards(self) -> list[Shard]:
        """See ShardSource.shards."""
        return [Shard(lane) for lane in self._lanes]

    def read(self, shard: str, after: str, limit: int) -> Page:
        """See ShardSource.read; the last entry of a page is read whole, so it may be longer than `limit`."""
        try:
            entries = []
            if after:
                again = self._reader.again(shard, _entry_of(after)[0])
                entries = [again] if again is not None else []
            offset = _entry_of(after)[0] if after else "0-0"
            entries += self._reader.read({shard: offset}, limit=limit, wait_s=0)
            tail = self._reader.tail(shard)
        except redis.RedisError as error:
            raise StreamAway(f"Redis: {error}") from error
        found = []
        for entry in entries:
            for place, data in enumerate(entry.envelopes):
                sequence = _sequence(entry.entry_id, place)
                if not after or int(sequence) > int(after):
                    arrived_at = int(entry.entry_id.partition("-")[0]) / 1000
                    found.append(ShardRecord(sequence, _partition_key(data), data, arrived_at))
        end = tail.last_id.partition("-")[0]
        behind_s = (int(end) / 1000 - found[-1].arrived_at) if found else 0.0
        return Page(found[: max(limit, 1)], False, max(0.0, behind_s))


def _partition_key(data: bytes) -> str:
    try:
        envelope = decode(data)
    except BadEnvelope:
        return "unreadable"
    return f"{envelope.environment_id}:{envelope.device}"


def _sequence(entry_id: str, place: int) -> str:
    milliseconds, _, number = entry_id.partition("-")
    return f"{milliseconds}{int(number):0{_SEQUENCE_DIGITS}d}{place:0{_PLACE_DIGITS}d}"


def _entry_of(sequence: str) -> tuple[str, int]:
    cut = len(sequence) - _PLACE_DIGITS
    head, place = sequence[:cut], int(sequence[cut:])
    return f"{head[:-_SEQUENCE_DIGITS]}-{int(head[-_SEQUENCE_DIGITS:])}", place
