"""Redrive: what failed to the end and lies in the failure bucket goes back onto the stream it came from.

Two kinds of object lie there. Lambda parks a failed batch with the records in it; the IoT rule parks a message whose
stream was away. Sending one twice stores it once: the consumer knows every request it has stored.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from infra.cloud import Cloud

AT_ONCE = 500  # records that PutRecords takes
TRIES = 5


@dataclass(frozen=True)
class Notice:
    """One message of the notice queue: which objects were parked."""

    handle: str
    objects: tuple[tuple[str, str], ...]  # (bucket, key)


@dataclass(frozen=True)
class Back:
    """A record on its way back."""

    stream: str  # its ARN
    key: str
    data: bytes


def redrive(
    cloud: Cloud, queue_url: str, positions_arn: str, *, most: int = 1000
) -> tuple[int, int, list[str]]:
    """Redrive up to `most` parked objects; returns (objects, records, what could not be read or sent).

    A message leaves the queue when everything it names is on the stream again; the objects stay until they expire.
    """
    objects = records = 0
    failed: list[str] = []
    seen: set[str] = set()
    while objects < most and (notices := _notices(cloud, queue_url)):
        for notice in notices:
            fine = True
            for bucket, key in notice.objects:
                try:
                    held = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
                    back = list(records_in(key, held, positions_arn))
                    _put(cloud, back)
                except (ClientError, ValueError, KeyError, TypeError, Unsent) as error:
                    fine = False
                    failed.append(f"{key}: {error!r}")
                else:
                    objects += 1
                    records += len(back)
            if fine:
                cloud.client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=notice.handle)
        handles = {notice.objects for notice in notices}
        if {str(handle) for handle in handles} <= seen:
            break  # only such as failed before come again
        seen |= {str(handle) for handle in handles}
    return objects, records, failed


class Unsent(Exception):
    """The stream went on refusing some of the records."""


def _notices(cloud: Cloud, queue_url: str) -> list[Notice]:
    asked = cloud.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    return [Notice(m["ReceiptHandle"], objects_in(m["Body"])) for m in asked.get("Messages", [])]


def objects_in(message: str) -> tuple[tuple[str, str], ...]:
    """(bucket, key) of each object in S3's notification; none in the one with which S3 tries the queue."""
    told = json.loads(message)
    return tuple(
        (one["s3"]["bucket"]["name"], unquote_plus(one["s3"]["object"]["key"]))
        for one in told.get("Records", [])
    )


def records_in(key: str, held: bytes, positions_arn: str) -> Iterator[Back]:
    """The records of a parked object. Raises ValueError or KeyError for one that is neither kind."""
    parked = json.loads(held)
    if key.startswith("iot/"):
        yield _message(key, parked, positions_arn)
        return
    payload = parked["payload"]
    event: Mapping[str, Any] = json.loads(payload) if isinstance(payload, str) else payload
    for record in event["Records"]:
        kinesis = record["kinesis"]
        yield Back(
            record["eventSourceARN"],
            kinesis["partitionKey"],
            base64.b64decode(kinesis["data"], validate=True),
        )


def _message(key: str, parked: Mapping[str, Any], positions_arn: str) -> Back:
    """What the IoT rule would have put: the same JSON, with the message as it came and the time the key tells.

    The same object always gives the same bytes, from which the consumer makes the request's id.
    """
    topic = parked["topic"]
    envelope = {
        "topic": topic,
        "principal": parked.get("clientId", ""),
        "received_ms": int(key.rpartition("/")[2].partition("-")[0]),
        "trace": None,
        "payload": parked["base64OriginalPayload"],
    }
    return Back(positions_arn, topic.split("/")[1], json.dumps(envelope).encode())


def _put(cloud: Cloud, back: list[Back]) -> None:
    """Put all of them, again those that the stream throttled. Raises Unsent."""
    client = cloud.client("kinesis")
    for stream in dict.fromkeys(one.stream for one in back):
        waiting = [{"Data": one.data, "PartitionKey": one.key} for one in back if one.stream == stream]
        for start in range(0, len(waiting), AT_ONCE):
            part = waiting[start : start + AT_ONCE]
            for _ in range(TRIES):
                told = client.put_records(StreamARN=stream, Records=part)
                part = [one for one, got in zip(part, told["Records"], strict=True) if got.get("ErrorCode")]
                if not part:
                    break
            if part:
                raise Unsent(f"{len(part)} records were refused {TRIES} times by {stream}")
