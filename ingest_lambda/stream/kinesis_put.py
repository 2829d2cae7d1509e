"""Putting on a Kinesis stream: its address, one PutRecords call, and the writer of a Lambda function."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from ingest_lambda.aws.calls import AwsAway, AwsRefused, AwsService
from ingest_lambda.report import Envelope, Registration, encode
from ingest_lambda.stream import StreamUnavailable
from ingest_lambda.stream.kinesis_queue import MOST_RECORD_BYTES, PutQueue, Waiting

# An answer must be out before the gateway hangs up after 30 s, and the phone long before that.
PATIENCE_S = 8.0
CALL_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


class StreamAddress(NamedTuple):
    """Which stream: `kinesis://region/name`, with `?endpoint=http://…` for an emulator."""

    region: str
    name: str
    endpoint: str

    @classmethod
    def parse(cls, url: str) -> StreamAddress:
        """Raises ValueError for anything else."""
        parts = urlsplit(url)
        name = parts.path.strip("/")
        if parts.scheme != "kinesis" or not parts.netloc or not name or "/" in name:
            raise ValueError(f"a Kinesis stream is written kinesis://REGION/NAME, not {url!r}")
        return cls(parts.netloc, name, parse_qs(parts.query).get("endpoint", [""])[0])


class _Entry(msgspec.Struct):
    Data: bytes  # msgspec writes bytes as base64, which is what Kinesis wants
    PartitionKey: str


class _PutRecords(msgspec.Struct):
    StreamName: str
    Records: list[_Entry]


class _Result(msgspec.Struct):
    ErrorCode: str | None = None
    ErrorMessage: str | None = None


class _PutAnswer(msgspec.Struct):
    Records: list[_Result]


_put_answer = msgspec.json.Decoder(_PutAnswer)


def records_of(envelopes: Sequence[Envelope | Registration]) -> list[tuple[str, bytes]]:
    """The envelopes of one request as records: partition key and bytes, one each unless it is too large for one.

    The pieces of a large one have parts of their own, below 0 and the same at every attempt, so that a consumer
    that meets a piece twice takes it once.
    """
    records, cut = [], 0
    for envelope in envelopes:
        key = f"{envelope.environment_id}:{envelope.device}"
        limit = MOST_RECORD_BYTES - len(key.encode())
        data = encode(envelope)
        if len(data) <= limit or isinstance(envelope, Registration):
            records.append((key, data))
            continue
        for piece in _pieces(envelope, limit - 16):
            cut += 1
            records.append((key, encode(msgspec.structs.replace(piece, part=-cut))))
    return records


def _pieces(envelope: Envelope, limit: int) -> list[Envelope]:
    """The envelope in pieces of at most `limit` bytes; one fix is never as long as that."""
    if envelope.count <= 1 or len(encode(envelope)) <= limit:
        return [envelope]
    return [piece for half in _halves(envelope) for piece in _pieces(half, limit)]


def _halves(envelope: Envelope) -> list[Envelope]:
    """Two envelopes with half of the fixes each."""
    positions, refused = envelope.positions, envelope.refused
    middle = (envelope.count + 1) // 2
    first = msgspec.structs.replace(
        envelope, positions=positions[:middle], refused=refused[: max(0, middle - len(positions))]
    )
    second = msgspec.structs.replace(
        envelope, positions=positions[middle:], refused=refused[max(0, middle - len(positions)) :]
    )
    return [first, second]


class KinesisStream:
    """One stream, its put side: one call at a time over a kept connection."""

    def __init__(self, address: StreamAddress, environ: Mapping[str, str] = os.environ) -> None:
        self._name = address.name
        self._service = AwsService("kinesis", address.region, endpoint=address.endpoint, environ=environ)

    def put(self, call: Sequence[Waiting], timeout_s: float) -> list[bool]:
        """Which of the records failed and may be tried again. Raises StreamUnavailable where that is no use."""
        arguments = _PutRecords(self._name, [_Entry(record.data, record.key) for record in call])
        try:
            body = self._service.call("Kinesis_20131202.PutRecords", arguments, timeout_s=timeout_s)
            results = _put_answer.decode(body).Records
        except AwsAway as error:
            log.warning("the stream is away", extra={"reason": str(error), "records": len(call)})
            return [True] * len(call)
        except msgspec.MsgspecError as error:
            log.warning("the stream's answer makes no sense", extra={"reason": str(error)})
            return [True] * len(call)
        except AwsRefused as error:
            if not error.throttled:
                log.error("the stream refuses", extra={"reason": str(error), "stream": self._name})
                raise StreamUnavailable(f"Kinesis refuses: {error}") from error
            log.warning("the stream is throttled", extra={"reason": str(error), "records": len(call)})
            return [True] * len(call)
        except LookupError as error:
            log.error("the stream cannot be asked", extra={"reason": str(error)})
            raise StreamUnavailable(str(error)) from error
        if len(results) != len(call):
            return [True] * len(call)
        failed = [result.ErrorCode is not None for result in results]
        if any(failed):
            reasons = sorted({result.ErrorCode or "" for result in results} - {""})
            log.warning(
                "records were not taken", extra={"reason": ", ".join(reasons), "records": sum(failed)}
            )
        return failed

    def close(self) -> None:
        """Let go of the connection."""
        self._service.close()


class DirectKinesisWriter:
    """StreamWriter where one request is under way at a time, as in a Lambda function: it blocks, and never suspends."""

    def __init__(
        self,
        stream: KinesisStream,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stream = stream
        self._patience_s = patience_s
        self._clock = clock
        self._sleep = sleep

    async def put(self, envelopes: Sequence[Envelope | Registration]) -> None:
        """See StreamWriter.put."""
        self.put_records(records_of(envelopes))

    def put_records(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Records as they are: partition key and bytes. Raises StreamUnavailable when not all are stored."""
        queue, deadline = PutQueue(), self._clock() + self._patience_s
        for key, data in records:
            queue.add(Waiting(key, data, deadline, None))
        while (rest := queue.rest_s(now := self._clock())) is not None:
            if queue.give_up(now):
                raise StreamUnavailable("the stream did not take everything in time")
            if rest > 0:
                self._sleep(rest)
                continue
            call = queue.next_call(now)
            timeout_s = min(CALL_TIMEOUT_S, max(0.05, deadline - now))
            queue.settle(call, self._stream.put(call, timeout_s), self._clock())

    async def close(self) -> None:
        """Nothing waits between two puts."""
        self._stream.close()
