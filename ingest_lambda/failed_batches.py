"""Batches that a mapping gave up on: kept whole, in the form in which Lambda leaves them in its failure bucket."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ingest_lambda.aws.objects import Bucket
from ingest_lambda.kinesis_event import BadEvent
from ingest_lambda.stream.shards import ShardRecord

REDRIVEN = "redriven/"


class BatchFolder(Protocol):
    """Where failed batches lie: a bucket, or a folder on one machine."""

    def put(self, key: str, body: bytes) -> None:
        """Keep one."""
        ...

    def get(self, key: str) -> bytes:
        """Read one."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The names of those whose name begins so, in order."""
        ...

    def remove(self, key: str) -> None:
        """Let go of one."""
        ...


class LocalFolder:
    """A folder on this machine."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def put(self, key: str, body: bytes) -> None:
        """See BatchFolder; whole or not at all."""
        place = self._path / key
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(place.name + ".new")
        draft.write_bytes(body)
        draft.replace(place)

    def get(self, key: str) -> bytes:
        """See BatchFolder."""
        return (self._path / key).read_bytes()

    def keys(self, prefix: str) -> Iterator[str]:
        """See BatchFolder."""
        found = [path for path in self._path.rglob("*") if path.is_file() and path.suffix != ".new"]
        names = sorted(str(path.relative_to(self._path)) for path in found)
        return iter([name for name in names if name.startswith(prefix)])

    def remove(self, key: str) -> None:
        """See BatchFolder."""
        (self._path / key).unlink(missing_ok=True)


def folder_at(url: str, environ: Mapping[str, str] = os.environ) -> tuple[BatchFolder, str]:
    """The folder behind `s3://bucket/prefix` or a path, and the prefix to look under. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise ValueError(f"a bucket is written s3://BUCKET/PREFIX, not {url!r}")
        given = parse_qs(parts.query)
        region = given.get("region", [environ.get("AWS_REGION") or "us-east-1"])[0]
        endpoint = given.get("endpoint", [""])[0]
        return Bucket(parts.netloc, region, endpoint=endpoint, environ=environ), parts.path.lstrip("/")
    if parts.scheme not in {"", "file"}:
        raise ValueError(f"failed batches lie in a folder or in s3://BUCKET/PREFIX, not in {url!r}")
    return LocalFolder(parts.path), ""


def invocation_record(
    event: Mapping[str, Any],
    shard: str,
    records: Sequence[ShardRecord],
    *,
    condition: str,
    invocations: int,
    stream_arn: str,
    at: datetime,
) -> bytes:
    """The whole record of an invocation that was given up, as AWS writes it for an S3 destination."""
    first, last = records[0], records[-1]
    whole = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": _text(at),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first.sequence,
            "endSequenceNumber": last.sequence,
            "approximateArrivalOfFirstRecord": _text(datetime.fromtimestamp(first.arrived_at, UTC)),
            "approximateArrivalOfLastRecord": _text(datetime.fromtimestamp(last.arrived_at, UTC)),
            "batchSize": len(records),
            "streamArn": stream_arn,
        },
        "payload": json.dumps(event),
    }
    return json.dumps(whole).encode()


def name_of(mapping: str, shard: str, at: datetime) -> str:
    """Where AWS would put it: by mapping, shard and day."""
    return f"aws/lambda/{mapping}/{shard}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


def event_in(body: bytes) -> dict[str, Any]:
    """The event in such a record. Raises BadEvent."""
    try:
        payload = json.loads(body)["payload"]
        event = json.loads(payload) if isinstance(payload, str) else payload
    except (ValueError, KeyError, TypeError) as error:
        raise BadEvent(f"no record of an invocation: {type(error).__name__}: {error}") from None
    if not isinstance(event, dict):
        raise BadEvent("the record of the invocation holds no event")
    return event


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
