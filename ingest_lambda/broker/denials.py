"""Denied publishes: read off Mosquitto's log lines, counted by device, handed to Redis for the books.

MQTT tells nobody but the sender of a denied publish, and a sender of version 3.1.1 not even that. Mosquitto says it in
a debug line. A device's connection bears the name in its certificate, so the line tells who tried; the topic in
it is the device's own text.
"""

from __future__ import annotations

import logging
import re

import msgspec

from ingest_lambda.stream.resp import RedisConnection

DENIED_KEY = "edge:denied"
LONGEST_TOPIC = 300
MOST_DEVICES = (
    10_000  # told apart between two tellings; a flood from more than these is counted under the first
)

_DENIED = re.compile(rb"Denied PUBLISH from (dev_[0-9a-f]{32}) \(d\d, q\d, r\d, m\d+, '(.*)", re.DOTALL)
_END = re.compile(r"', \.\.\. \(\d+ bytes\)\)\s*$")

logger = logging.getLogger(__name__)


class Denial(msgspec.Struct):
    """What a device tried since the last telling; the last topic, and when, in epoch milliseconds."""

    device: str
    count: int
    topic: str
    at_ms: int


class Denials:
    """Counts until Redis has taken the counts. `note` may be called from another thread than `tell`."""

    def __init__(self) -> None:
        self._found: dict[str, Denial] = {}

    def note(self, line: bytes, now: float) -> bool:
        """Whether the line says that a publish was denied; then it is counted. `now` is epoch seconds."""
        found = _DENIED.search(line)
        if found is None:
            return False
        device = found[1].decode()
        topic = _END.sub("", found[2].decode("utf-8", "replace"))[:LONGEST_TOPIC]
        known = self._found.get(device)
        if known is not None:
            known.count, known.topic, known.at_ms = known.count + 1, topic, int(now * 1000)
        elif len(self._found) < MOST_DEVICES:
            self._found[device] = Denial(device, 1, topic, int(now * 1000))
        return True

    async def tell(self, connection: RedisConnection) -> None:
        """Hand over what was counted. What a broken connection may have lost is kept and told again."""
        taken, self._found = self._found, {}
        if not taken:
            return
        try:
            await connection.execute("RPUSH", DENIED_KEY, *map(msgspec.json.encode, taken.values()))
        except Exception:
            for device, denial in taken.items():
                later = self._found.setdefault(device, denial)
                if later is not denial:
                    later.count += denial.count
            raise
        for denial in taken.values():
            facts = {"device": denial.device, "count": denial.count, "topic": denial.topic}
            logger.warning("a device tried to publish where it may not", extra=facts)
