"""What a rehearsal tries on the emulator beyond reading back: a failed batch, from the bucket to the stream again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.cloud import Cloud
from infra.operate import waiting
from infra.redrive import redrive
from infra.report import Check


def failed_batch_comes_back(cloud: Cloud, known: Mapping[str, str]) -> Iterator[Check]:
    """Park a batch as Lambda and a message as the IoT rule would; redrive; look for both on the stream."""
    for key, parked in _parked(known["PositionsStreamArn"]).items():
        cloud.client("s3").put_object(
            Bucket=known["FailureBucketName"], Key=key, Body=json.dumps(parked).encode()
        )
    yield Check("notices of parked objects", 2, _own_notices(cloud, known))
    objects, records, failed = redrive(cloud, known["NoticeQueueUrl"], known["PositionsStreamArn"])
    yield Check("redriven (objects, records, failed)", (2, 3, []), (objects, records, failed))
    found = sorted(_on_stream(cloud, known["PositionsStreamArn"]))
    yield Check(
        "records on the stream again", ["1:a first", "1:a second"], [one for one in found if one[0] == "1"]
    )
    mqtt = [one.partition(" ")[2] for one in found if one.startswith("dev_")]
    payloads = [base64.b64decode(json.loads(one)["payload"]) for one in mqtt]
    yield Check("a device's message on the stream again", [b'{"lat":1}'], payloads)
    yield Check("notices after the redrive", 0, waiting(cloud, known["NoticeQueueUrl"]))


def _own_notices(cloud: Cloud, known: Mapping[str, str]) -> int:
    """S3 may have tried the queue with a message of its own when it took the configuration."""
    count = waiting(cloud, known["NoticeQueueUrl"])
    return min(count, 2)


def _parked(stream_arn: str) -> dict[str, dict[str, Any]]:
    records = [
        {
            "eventSourceARN": stream_arn,
            "kinesis": {"partitionKey": "1:a", "data": base64.b64encode(data).decode()},
        }
        for data in (b"first", b"second")
    ]
    batch = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "KinesisBatchInfo": {"batchSize": 2},
        "payload": json.dumps({"Records": records}),
    }
    message = {
        "ruleName": "milepost_dev_positions",
        "topic": "devices/dev_0/positions",
        "base64OriginalPayload": base64.b64encode(b'{"lat":1}').decode(),
        "failures": [{"failedAction": "KinesisAction"}],
    }
    return {
        "aws/lambda/0f0e/shardId-000000000000/2026/01/01/a": batch,
        "iot/dev_0/1767225600000-a": message,
    }


def _on_stream(cloud: Cloud, arn: str) -> Iterator[str]:
    client = cloud.client("kinesis")
    for shard in client.list_shards(StreamARN=arn)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamARN=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for record in client.get_records(StreamARN=arn, ShardIterator=iterator, Limit=1000)["Records"]:
            yield f"{record['PartitionKey']} {record['Data'].decode()}"
