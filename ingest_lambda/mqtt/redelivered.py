"""Messages on the stream, or on their way, of which the broker may not know: told apart when they come again."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from typing import NamedTuple

from ingest_lambda.mqtt.session import Received


class Taken(NamedTuple):
    """A message that was taken: a mark of its topic and payload, and whether the stream has it yet."""

    mark: bytes
    stored: asyncio.Event


class Redelivered:
    """The last message taken under each packet id, 65,535 at most.

    A bridge that was killed forgets them. Then a message may come to the stream twice, and the consumer finds its
    fixes there already.
    """

    def __init__(self) -> None:
        self._taken: dict[int, Taken] = {}

    def first(self, message: Received) -> asyncio.Event:
        """To be set once the stream has this message, which is new."""
        stored = asyncio.Event()
        if message.qos:
            self._taken[message.mid] = Taken(_mark(message), stored)
        return stored

    def again(self, message: Received) -> asyncio.Event | None:
        """Set once the stream has this message, which the broker brings once more; None where it is new to us."""
        taken = self._taken.get(message.mid) if message.again and message.qos else None
        return taken.stored if taken is not None and taken.mark == _mark(message) else None


def _mark(message: Received) -> bytes:
    mark = blake2b(str(message.topic).encode(), digest_size=16)
    mark.update(b"\0" + message.payload)
    return mark.digest()
