"""A stream read shard by shard, as an event source mapping does: what Kinesis and Redis both can be read as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class StreamAway(Exception):
    """The stream cannot be read just now."""


class Shard(NamedTuple):
    """A shard and the shards it came from: they are read to their end before it."""

    id: str
    parents: tuple[str, ...] = ()


class ShardRecord(NamedTuple):
    """A record as it stands on a shard. `sequence` is digits that grow along the shard; `arrived_at` epoch seconds."""

    sequence: str
    partition_key: str
    data: bytes
    arrived_at: float


class Page(NamedTuple):
    """What a read gave. `ended`: the shard is closed and nothing follows. `behind_s`: how old its end is to us."""

    records: Sequence[ShardRecord]
    ended: bool = False
    behind_s: float = 0.0


class ShardSource(Protocol):
    """Where an event source mapping reads."""

    def shards(self) -> list[Shard]:
        """All that are there, open and closed. Raises StreamAway."""
        ...

    def read(self, shard: str, after: str, limit: int) -> Page:
        """Records behind sequence `after`, from the oldest where it is empty. Raises StreamAway."""
        ...

    def lane(self, shard: str) -> str:
        """Under which name progress and dead letters know the shard."""
        ...
