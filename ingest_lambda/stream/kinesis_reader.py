"""The read side of Kinesis: shards, iterators that are renewed when they run out, and where a closed shard ends."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ingest_lambda.aws.calls import AwsAway, AwsRefused, AwsService
from ingest_lambda.stream.kinesis_put import StreamAddress
from ingest_lambda.stream.shards import Page, Shard, ShardRecord, StreamAway

MOST_A_READ = 10_000


class _Range(msgspec.Struct):
    EndingSequenceNumber: str | None = None


class _Shard(msgspec.Struct):
    ShardId: str
    SequenceNumberRange: _Range
    ParentShardId: str | None = None
    AdjacentParentShardId: str | None = None


class _Shards(msgspec.Struct):
    Shards: list[_Shard]
    NextToken: str | None = None


class _Iterator(msgspec.Struct):
    ShardIterator: str


class _Record(msgspec.Struct):
    SequenceNumber: str
    PartitionKey: str
    Data: bytes
    ApproximateArrivalTimestamp: float = 0.0


class _Records(msgspec.Struct):
    Records: list[_Record]
    NextShardIterator: str | None = None
    MillisBehindLatest: int | None = None


def kinesis_lane(stream: str, shard: str) -> str:
    """The name of a shard as a lane: at most 40 characters, its number behind a colon as every lane has it."""
    return f"{stream[:24]}:{shard.rpartition('-')[2][-15:]}"


class KinesisReader:
    """ShardSource on Kinesis, for one thread at a time."""

    def __init__(self, address: StreamAddress, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = address.name
        self._service = AwsService("kinesis", address.region, endpoint=address.endpoint, environ=environ)
        self._iterators: dict[str, tuple[str, str]] = {}  # shard -> (sequence it stands behind, iterator)
        self._closed: set[str] = set()

    def lane(self, shard: str) -> str:
        """See ShardSource.lane."""
        return kinesis_lane(self._stream, shard)

    def shards(self) -> list[Shard]:
        """See ShardSource.shards; only parents that the stream still lists are named."""
        found: list[_Shard] = []
        asked: dict[str, str] = {"StreamName": self._stream}
        while True:
            page = msgspec.json.decode(self._call("ListShards", asked), type=_Shards)
            found += page.Shards
            if not page.NextToken:
                break
            asked = {"NextToken": page.NextToken}
        there = {shard.ShardId for shard in found}
        self._closed = {shard.ShardId for shard in found if shard.SequenceNumberRange.EndingSequenceNumber}
        return [
            Shard(
                shard.ShardId,
                tuple(
                    parent
                    for parent in (shard.ParentShardId, shard.AdjacentParentShardId)
                    if parent and parent in there
                ),
            )
            for shard in found
        ]

    def read(self, shard: str, after: str, limit: int) -> Page:
        """See ShardSource.read. A shard that is asked too often gives an empty page."""
        try:
            answer = self._records(shard, after, limit)
        except AwsRefused as refused:
            if refused.throttled:
                return Page([], behind_s=0.0)
            raise StreamAway(f"Kinesis refuses to read {shard}: {refused}") from refused
        records = [
            ShardRecord(one.SequenceNumber, one.PartitionKey, one.Data, one.ApproximateArrivalTimestamp)
            for one in answer.Records
        ]
        behind_ms = answer.MillisBehindLatest or 0
        # an emulator may go on handing out iterators of a closed shard; nothing new can come there either
        drained = shard in self._closed and not records and behind_ms == 0
        if answer.NextShardIterator is None or drained:
            self._iterators.pop(shard, None)
            return Page(records, True)
        self._iterators[shard] = (records[-1].sequence if records else after, answer.NextShardIterator)
        return Page(records, False, behind_ms / 1000)

    def close(self) -> None:
        """Let go of the connection."""
        self._service.close()

    def _records(self, shard: str, after: str, limit: int) -> _Records:
        stands, iterator = self._iterators.get(shard, ("", ""))
        if iterator and stands == after:
            try:
                return self._get(iterator, limit)
            except AwsRefused as refused:
                if refused.code != "ExpiredIteratorException":
                    raise
        return self._get(self._new_iterator(shard, after), limit)

    def _new_iterator(self, shard: str, after: str) -> str:
        wanted = {"StreamName": self._stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        if after:
            wanted |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        return msgspec.json.decode(self._ask("GetShardIterator", wanted), type=_Iterator).ShardIterator

    def _get(self, iterator: str, limit: int) -> _Records:
        asked = {"ShardIterator": iterator, "Limit": min(limit, MOST_A_READ)}
        return msgspec.json.decode(self._ask("GetRecords", asked), type=_Records)

    def _call(self, operation: str, arguments: object) -> bytes:
        try:
            return self._ask(operation, arguments)
        except AwsRefused as refused:
            raise StreamAway(f"Kinesis refuses {operation} of {self._stream}: {refused}") from refused

    def _ask(self, operation: str, arguments: object) -> bytes:
        try:
            return self._service.call(f"Kinesis_20131202.{operation}", arguments)
        except (AwsAway, LookupError) as error:
            raise StreamAway(str(error)) from error
