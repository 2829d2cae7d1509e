"""Lambda's event source mapping on one machine: shards in, batches to a function, checkpoints, order by key.

A shard is read by one thread and spread by partition key over `parallel` sub-shards; each brings its batches to a
function instance of its own, strictly in order. A child shard begins when its parents are read to their end and
everything of them is done with. Checkpoints say how far a shard is done: from there it is read again after a stop,
so a record may be delivered twice, which is what the function must expect of the real thing too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ingest_lambda.source_delivery import GivenUp, MappingSettings
from ingest_lambda.source_shard import SHARD_END, Checkpoints, Function, ShardRun, Surroundings
from ingest_lambda.stream.shards import Shard, ShardSource, StreamAway

SHARDS_S = 5.0
# Kinesis answers five reads a second and shard; a mapping of AWS asks once a second.
POLL_S = 0.25

logger = logging.getLogger(__name__)


class SourceMapping:
    """Reads a stream and brings it to a function until it is stopped. See Surroundings for what it is made with."""

    def __init__(
        self,
        source: Callable[[], ShardSource],
        function: Callable[[], Function],
        checkpoints: Checkpoints,
        give_up: Callable[[str, GivenUp], None],
        settings: MappingSettings,
        *,
        source_arn: str = "",
        mine: Callable[[Shard], bool] = lambda shard: True,
        poll_s: float = POLL_S,
        timeout_s: float = 60.0,
    ) -> None:
        """`mine` says which shards this process reads, `timeout_s` how long an invocation may take."""
        self._stopping = threading.Event()
        self._around = Surroundings(
            *(source, function, checkpoints, give_up, settings),
            *(source_arn, poll_s, timeout_s, self._stopping),
        )
        self._mine = mine
        self.shards: dict[str, ShardRun] = {}
        self._ended: set[str] = set()

    def run(self) -> None:
        """Deliver until `stop`; a stream that is away is asked again."""
        source = self._around.source()
        try:
            while not self._stopping.is_set():
                try:
                    self._begin_what_may(source.shards(), source)
                except StreamAway as error:
                    logger.warning("the stream is away, trying again", extra={"reason": str(error)})
                self._look_after()
                self._stopping.wait(min(SHARDS_S, 4 * self._around.poll_s))
        finally:
            for run in self.shards.values():
                run.join()

    def stop(self) -> None:
        """Finish the batches under way, then return from `run`."""
        self._stopping.set()
        for run in list(self.shards.values()):
            run.wake()

    def _begin_what_may(self, shards: Sequence[Shard], source: ShardSource) -> None:
        for shard in shards:
            if shard.id in self.shards or shard.id in self._ended or not self._mine(shard):
                continue
            stands = self._around.checkpoints.load(source.lane(shard.id))
            if stands == SHARD_END:
                self._ended.add(shard.id)
            elif all(self._is_done(parent, source) for parent in shard.parents):
                logger.info("shard taken", extra={"shard": shard.id, "behind": stands})
                self.shards[shard.id] = ShardRun(self._around, shard.id, source.lane(shard.id), stands)

    def _is_done(self, shard: str, source: ShardSource) -> bool:
        """Also one that another worker reads: its checkpoint says so."""
        return shard in self._ended or self._around.checkpoints.load(source.lane(shard)) == SHARD_END

    def _look_after(self) -> None:
        """Let go of shards that are over; those that broke are begun again from their checkpoint."""
        for shard, run in list(self.shards.items()):
            if run.over:
                run.join()
                del self.shards[shard]
