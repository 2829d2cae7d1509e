"""The event in which Lambda hands over Kinesis records: made by the local mapping, read by the function."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ingest_lambda.batch import Record
from ingest_lambda.stream.kinesis_reader import kinesis_lane
from ingest_lambda.stream.shards import ShardRecord


class BadEvent(Exception):
    """An event that is none of Kinesis; the message says what is wrong with it."""


def make_event(shard: str, records: Sequence[ShardRecord], source_arn: str) -> dict[str, Any]:
    """What Lambda would hand over for `records` of one shard."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence,
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrived_at,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{record.sequence}",
                "eventName": "aws:kinesis:record",
                "eventSourceARN": source_arn,
            }
            for record in records
        ]
    }


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """The records of an event, in order; lane and entry as they stand in the books. Raises BadEvent."""
    found = []
    for place, one in enumerate(_list(event)):
        try:
            kinesis, event_id, arn = one["kinesis"], one["eventID"], one["eventSourceARN"]
            shard = event_id.rpartition(":")[0]
            lane = kinesis_lane(arn.rpartition("/")[2], shard) if arn.startswith("arn:") else shard
            found.append(Record(lane, kinesis["sequenceNumber"], 0, base64.b64decode(kinesis["data"])))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadEvent(f"record {place} is none of Kinesis: {type(error).__name__} {error}") from None
    return found


def put_again(event: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The records of an event as they were put: partition key and bytes. Raises BadEvent."""
    try:
        return [
            (one["kinesis"]["partitionKey"], base64.b64decode(one["kinesis"]["data"])) for one in _list(event)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BadEvent(f"a record is none of Kinesis: {type(error).__name__} {error}") from None


def _list(event: Mapping[str, Any]) -> list[Any]:
    records = event.get("Records")
    if not isinstance(records, list):
        raise BadEvent("the event has no list of Records")
    return records
