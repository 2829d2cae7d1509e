"""The consumer's side of storms: what devices repeat is counted behind each commit and told of between two batches."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import redis

from ingest_lambda.flood_tallies import Tallies
from ingest_lambda.floods import EVERY_S, MOST_ENTRIES, TALLIES, Facts, encoded

if TYPE_CHECKING:
    from ingest_lambda.batch import Batch

log = logging.getLogger(__name__)


class Repeats:
    """What the devices of one worker repeated since it last told of it."""

    def __init__(self) -> None:
        self.tallies = Tallies()
        self._due = 0.0

    def reported(self, batch: Batch) -> None:
        """Count the devices of a stored batch that repeated themselves. `recorded_at` tells fix from fix."""
        for place, repeats in batch.repeated.items():
            trail = batch.trails.get(place)
            if trail is None:
                continue
            info, key_id = trail.info, trail.arrivals[-1][3].key_id
            app = ("", "", "") if info is None else (info.app_version or "", info.model or "", info.os or "")
            fixes = {str(arrival[0]) for arrival in trail.arrivals}
            self.tallies.repeated(place, len(trail.arrivals), repeats, fixes, Facts(key_id, *app))

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
