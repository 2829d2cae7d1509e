"""The stream between doors and consumer: what every engine offers, in words that fit Redis and Kinesis.

A stream is a few lanes, each in order. All reports of one device travel on one lane, so they never overtake
one another. A lane is a Redis stream key here and a shard on Kinesis; an entry id is opaque text that grows
along a lane (a Redis entry id, a Kinesis sequence number).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol
from zlib import crc32

from ingest_lambda.report import Envelope, Registration

LANE_PREFIX = "loc:"
REGISTRATION_PREFIX = "reg:"  # registrations have lanes of their own, so that they never hold a position up


class StreamUnavailable(Exception):
    """The stream did not take the envelopes in time. The sender must send them again."""


class StreamWriter(Protocol):
    """The put side, used by the doors."""

    async def put(self, envelopes: Sequence[Envelope]) -> None:
        """Return once the stream holds all of them, exactly once; raise StreamUnavailable if not in time."""
        ...

    async def close(self) -> None:
        """Send what is waiting, then let go of the connection."""
        ...


class RegistrationWriter(Protocol):
    """The same for registrations, which travel on lanes (on Kinesis: a stream) of their own."""

    async def put(self, envelopes: Sequence[Registration]) -> None:
        """See StreamWriter.put."""
        ...

    async def close(self) -> None:
        """See StreamWriter.close."""
        ...


class StreamEntry(NamedTuple):
    """One entry of a lane: several envelopes (still encoded) that were written together."""

    lane: str
    entry_id: str
    envelopes: tuple[bytes, ...]


class StreamReader(Protocol):
    """The read side, used by the consumer. Offsets belong to the caller, who keeps them beside the data."""

    def read(self, offsets: Mapping[str, str], *, limit: int, wait_s: float) -> list[StreamEntry]:
        """Entries after each lane's offset, in order per lane; empty when none came in `wait_s` seconds."""
        ...

    def trim(self, lane: str, before: str) -> int:
        """Forget entries of `lane` older than entry id `before`; how many went."""
        ...


def lane_number(environment_id: int, device: str, lanes: int) -> int:
    """The lane of a device. Stable for ever for a given number of lanes: order per device rests on it."""
    return crc32(f"{environment_id}:{device}".encode()) % lanes


def lane_name(number: int) -> str:
    """The name of a lane: the Redis key, and the row of the consumer's progress."""
    return f"{LANE_PREFIX}{number}"


def registration_lane_name(number: int) -> str:
    """The name of a lane of registrations; a device's has the number of its lane of positions."""
    return f"{REGISTRATION_PREFIX}{number}"
