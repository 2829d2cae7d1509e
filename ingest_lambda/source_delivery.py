"""One batch to its end, as a source mapping brings it: invoke, partial answers, bisect, retries, age, giving up."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ingest_lambda.stream.shards import ShardRecord

FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 30.0
MAX_PAYLOAD_BYTES = 6_000_000  # of the event, whose data is base64

logger = logging.getLogger(__name__)


class MappingSettings(msgspec.Struct, frozen=True):
    """What an AWS::Lambda::EventSourceMapping says; the defaults are those of our template. -1: without end."""

    batch_size: int = 200
    window_s: float = 1.0
    parallel: int = 3  # ParallelizationFactor: batches of one shard under way at once, each of other keys
    bisect: bool = True  # BisectBatchOnFunctionError
    retries: int = -1  # MaximumRetryAttempts
    record_age_s: float = -1  # MaximumRecordAgeInSeconds
    report_item_failures: bool = True  # FunctionResponseTypes: ReportBatchItemFailures


class GivenUp(NamedTuple):
    """Records that are dropped from the stream, why, and after how many invocations."""

    records: Sequence[ShardRecord]
    condition: str
    invocations: int


class _Try(NamedTuple):
    records: Sequence[ShardRecord]
    failures: int  # how often these, or a batch they were part of, failed


class Delivery:
    """Brings batches of one sub-shard to a function, one after the other, strictly in order."""

    def __init__(
        self,
        invoke: Callable[[Sequence[ShardRecord]], Any],
        give_up: Callable[[GivenUp], None],
        settings: MappingSettings,
        *,
        now: Callable[[], float],
        rest: Callable[[float], bool],
    ) -> None:
        """`rest` sleeps so many seconds and says whether to go on; `now` is epoch seconds."""
        self._invoke = invoke
        self._give_up = give_up
        self._settings = settings
        self._now = now
        self._rest = rest
        self.invocations = 0
        self.trouble = ""  # why records come again; empty since the last that did not

    def deliver(self, batch: Sequence[ShardRecord]) -> int:
        """How many of the batch are done with, from the first on: all, unless `rest` said to stop."""
        tries = deque([_Try(batch, 0)])
        while tries:
            records, failures = tries.popleft()
            records = self._without_old(records, failures)
            if not records:
                continue
            done = self._once(records)
            left = records[done:]
            if not left:
                self.trouble = ""
                continue
            failures += 1
            if self._settings.bisect and len(left) > 1:
                # halving costs no retry; what was done meanwhile was no failure of the rest
                middle = len(left) // 2
                tries.extendleft([_Try(left[middle:], failures - 1), _Try(left[:middle], failures - 1)])
            elif 0 <= self._settings.retries < failures:
                self._drop(left, "RetryAttemptsExhausted", failures)
                continue
            else:
                tries.appendleft(_Try(left, failures))
            pause = min(LAST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, 10))
            if not self._rest(pause if not done else 0.0):
                return len(batch) - sum(len(one.records) for one in tries)
        return len(batch)

    def _once(self, records: Sequence[ShardRecord]) -> int:
        """Invoke; how many of the records the function is done with, from the first on."""
        self.invocations += 1
        try:
            answer = self._invoke(records)
        except Exception as error:
            logger.warning(
                "the function failed",
                extra={"records": len(records), "reason": f"{type(error).__name__}: {error}"},
            )
            self.trouble = f"{type(error).__name__}: {error}"
            return 0
        if not self._settings.report_item_failures:
            return len(records)
        done = done_before(answer, records)
        self.trouble = f"{len(records) - done} records come again"
        return done

    def _without_old(self, records: Sequence[ShardRecord], failures: int) -> Sequence[ShardRecord]:
        bound = self._settings.record_age_s
        if bound < 0:
            return records
        oldest = self._now() - bound
        old = 0
        while old < len(records) and records[old].arrived_at < oldest:
            old += 1
        if old:
            self._drop(records[:old], "RecordAgeExceeded", failures)
        return records[old:]

    def _drop(self, records: Sequence[ShardRecord], condition: str, invocations: int) -> None:
        logger.error("records were given up", extra={"records": len(records), "condition": condition})
        self._give_up(GivenUp(records, condition, invocations))


def done_before(answer: Any, records: Sequence[ShardRecord]) -> int:
    """How many records lie before the first that the answer names as failed, by Lambda's rules.

    Nothing named: all are done. A name that is empty or none of theirs: the whole batch failed.
    """
    if not answer:
        return len(records)
    named = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not isinstance(named, list):
        return len(records) if isinstance(answer, Mapping) else 0
    places = {record.sequence: place for place, record in enumerate(records)}
    done = len(records)
    for failure in named:
        sequence = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
        done = min(done, places.get(sequence or "", 0))
    return done


def cut(waiting: Sequence[ShardRecord], most: int) -> int:
    """How many of the waiting records make up the next batch: `most`, or what one event can carry."""
    size = 0
    for place, record in enumerate(waiting[:most]):
        size += len(record.data) * 4 // 3 + len(record.partition_key) + 400
        if place and size > MAX_PAYLOAD_BYTES:
            return place
    return min(most, len(waiting))
