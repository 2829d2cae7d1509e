"""The consumer's side of storms: what devices repeat is counted behind each commit and told of between two batches."""

from __future__ import annotations

import logging
import time

import redis

from ingest_lambda.flood_post import EVERY_S, MOST_ENTRIES, encoded
from ingest_lambda.flood_tallies import Tallies
from ingest_lambda.floods import TALLIES

log = logging.getLogger(__name__)


class Repeats:
    """What the devices of one worker repeated since it last told of it."""

    def __init__(self) -> None:
        self.tallies = Tallies()
        self._due = 0.0

    def hand_on(self, client: redis.Redis) -> None:
        """Hand on what was counted, once a second at most. What Redis does not take is lost, and said."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_S
        tallies = self.tallies.take()
        if not tallies:
            return
        try:
            client.xadd(TALLIES, {"t": encoded(tallies)}, maxlen=MOST_ENTRIES, approximate=True)
        except redis.RedisError as error:
            log.warning("repeats were not told of", extra={"reason": str(error)})
