"""A strict Kinesis of our own over real HTTP: what emulators leave out. Throttling, partial failures, closed shards.

Time is injected: a shard takes 1,000 records and 1 MB in each second of `clock`, iterators end after five minutes of
it. Every request's signature is checked against botocore's own signer.
"""

import base64
import hashlib
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "eu-west-1"
ACCESS, SECRET, TOKEN = "AKIAFAKE", "fake secret", "fake token"
ENVIRON = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
RECORDS_A_SECOND, BYTES_A_SECOND = 1000, 1_000_000
ITERATOR_S = 300
WHOLE = 2**128


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@dataclass
class FakeShard:
    """A shard: its range of hashes, what it holds, and what it took within the current second."""

    id: str
    first: int
    last: int
    parents: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    closed_at: str = ""
    second: int = -1
    taken: int = 0
    taken_bytes: int = 0


class KinesisFake:
    """One stream. `faults` is worked off a call each: "cut_before", "cut_after", "status 500", "hang",
    "refuse CODE", or a function from a record's data to whether it fails."""

    def __init__(self, stream: str = "fake", shards: int = 1, clock=time.monotonic) -> None:
        self.stream = stream
        self.clock = clock
        self.faults: deque[Any] = deque()
        self.calls: list[list[bytes]] = []  # the data of each PutRecords, as it was asked for
        self.thrown_back = 0
        self._lock = threading.RLock()
        self._sequence = 49_590_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
        self.shards: list[FakeShard] = []
        for number in range(shards):
            self._add(WHOLE * number // shards, WHOLE * (number + 1) // shards - 1)

    # --- what the tests ask ---

    def data(self) -> list[bytes]:
        """All that is stored, oldest first."""
        with self._lock:
            records = [record for shard in self.shards for record in shard.records]
        return [r["data"] for r in sorted(records, key=lambda record: int(record["sequence"]))]

    def split(self, shard_id: str) -> None:
        """Close a shard; two open ones take its place."""
        with self._lock:
            shard = self._shard(shard_id)
            middle = (shard.first + shard.last) // 2
            self._close(shard)
            self._add(shard.first, middle, [shard.id])
            self._add(middle + 1, shard.last, [shard.id])

    def merge(self, first_id: str, second_id: str) -> None:
        """Close two neighbours; one open shard takes their place."""
        with self._lock:
            first, second = self._shard(first_id), self._shard(second_id)
            self._close(first)
            self._close(second)
            self._add(first.first, second.last, [first.id, second.id])

    # --- operations ---

    def put_records(self, asked: dict[str, Any], fails=None) -> dict[str, Any]:
        records = asked["Records"]
        self._expect_stream(asked)
        if not 1 <= len(records) <= 500:
            raise Refusal("InvalidArgumentException", f"{len(records)} records")
        opened = [(record["PartitionKey"], base64.b64decode(record["Data"])) for record in records]
        if any(len(data) + len(key.encode()) > 1024 * 1024 for key, data in opened):
            raise Refusal("ValidationException", "a record over 1 MiB")
        if any(not 1 <= len(key) <= 256 for key, _ in opened):
            raise Refusal("ValidationException", "a partition key of a wrong length")
        if sum(len(data) + len(key.encode()) for key, data in opened) > 5 * 1024 * 1024:
            raise Refusal("InvalidArgumentException", "over 5 MiB a call")
        self.calls.append([data for _, data in opened])
        results = [self._put(key, data, fails) for key, data in opened]
        return {"FailedRecordCount": sum("ErrorCode" in one for one in results), "Records": results}

    def list_shards(self, asked: dict[str, Any]) -> dict[str, Any]:
        start = int(asked["NextToken"]) if "NextToken" in asked else 0
        if not start:
            self._expect_stream(asked)
        page = self.shards[start : start + 2]  # small pages, so that a reader must turn them
        listed = []
        for shard in page:
            numbers = {"StartingSequenceNumber": "0"}
            if shard.closed_at:
                numbers["EndingSequenceNumber"] = shard.closed_at
            facts: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
            names = ("ParentShardId", "AdjacentParentShardId")
            listed.append(facts | dict(zip(names, shard.parents, strict=False)))
        more = {"NextToken": str(start + 2)} if start + 2 < len(self.shards) else {}
        return {"Shards": listed} | more

    def get_shard_iterator(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._expect_stream(asked)
        shard = self._shard(asked["ShardId"])
        after = 0
        if asked["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            after = int(asked["StartingSequenceNumber"])
        elif asked["ShardIteratorType"] != "TRIM_HORIZON":
            raise Refusal("InvalidArgumentException", "an iterator this fake does not know")
        return {"ShardIterator": self._iterator(shard, after)}

    def get_records(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            shard_id, after, made = json.loads(base64.b64decode(asked["ShardIterator"], validate=True))
        except ValueError:
            raise Refusal("InvalidArgumentException", "no iterator of ours") from None
        if self.clock() - made > ITERATOR_S:
            raise Refusal("ExpiredIteratorException")
        shard = self._shard(shard_id)
        found = [record for record in shard.records if int(record["sequence"]) > after]
        page = found[: asked.get("Limit", 10_000)]
        last = int(page[-1]["sequence"]) if page else after
        answer: dict[str, Any] = {
            "Records": [
                {
                    "SequenceNumber": record["sequence"],
                    "PartitionKey": record["key"],
                    "Data": base64.b64encode(record["data"]).decode(),
                    "ApproximateArrivalTimestamp": record["at"],
                }
                for record in page
            ],
            "MillisBehindLatest": 0 if len(page) == len(found) else 1000,
        }
        if not (shard.closed_at and len(page) == len(found)):
            answer["NextShardIterator"] = self._iterator(shard, last)
        return answer

    def _put(self, key: str, data: bytes, fails) -> dict[str, Any]:
        if fails is not None and fails(data):
            self.thrown_back += 1
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "thrown back by the test"}
        place = int.from_bytes(hashlib.md5(key.encode()).digest(), "big")
        shard = next(s for s in self.shards if not s.closed_at and s.first <= place <= s.last)
        second = int(self.clock())
        if shard.second != second:
            shard.second, shard.taken, shard.taken_bytes = second, 0, 0
        if shard.taken + 1 > RECORDS_A_SECOND or shard.taken_bytes + len(data) > BYTES_A_SECOND:
            self.thrown_back += 1
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": shard.id}
        shard.taken, shard.taken_bytes = shard.taken + 1, shard.taken_bytes + len(data)
        sequence = self._next()
        shard.records.append({"sequence": sequence, "key": key, "data": data, "at": time.time()})
        return {"SequenceNumber": sequence, "ShardId": shard.id}

    def _next(self) -> str:
        self._sequence += 7
        return str(self._sequence)

    def _add(self, first: int, last: int, parents: list[str] | None = None) -> None:
        self.shards.append(FakeShard(f"shardId-{len(self.shards):012d}", first, last, parents or []))

    def _close(self, shard: FakeShard) -> None:
        shard.closed_at = self._next()

    def _shard(self, shard_id: str) -> FakeShard:
        for shard in self.shards:
            if shard.id == shard_id:
                return shard
        raise Refusal("ResourceNotFoundException", shard_id)

    def _iterator(self, shard: FakeShard, after: int) -> str:
        return base64.b64encode(json.dumps([shard.id, after, self.clock()]).encode()).decode()

    def _expect_stream(self, asked: dict[str, Any]) -> None:
        if asked.get("StreamName") != self.stream:
            raise Refusal("ResourceNotFoundException", f"no stream {asked.get('StreamName')}")

    def answer(self, target: str, body: bytes) -> dict[str, Any]:
        """One operation, with the next fault for PutRecords among it. Raises Refusal."""
        operation = target.removeprefix("Kinesis_20131202.")
        with self._lock:
            fails = None
            if operation == "PutRecords" and self.faults and callable(self.faults[0]):
                fails = self.faults.popleft()
            if operation == "PutRecords":
                return self.put_records(json.loads(body), fails)
            reads = {
                "ListShards": self.list_shards,
                "GetShardIterator": self.get_shard_iterator,
                "GetRecords": self.get_records,
            }
            if operation not in reads:
                raise Refusal("UnknownOperationException", operation)
            return reads[operation](json.loads(body))

    def next_fault(self, target: str) -> str:
        """The fault of the connection that comes next, if it is one."""
        with self._lock:
            if target.endswith("PutRecords") and self.faults and isinstance(self.faults[0], str):
                return str(self.faults.popleft())
        return ""


class FakeServer:
    """The fake behind a port of its own. `url` is what MILEPOST_STREAM_URL would be."""

    def __init__(self, fake: KinesisFake) -> None:
        self.fake = fake
        self.waiting = threading.Event()  # set to let a call that hangs go on
        server = self

        class Handler(_Handler):
            owner = server

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"kinesis://{REGION}/{fake.stream}?endpoint={self.endpoint}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Hang up on everybody."""
        self.waiting.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: FakeServer

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        target, fake = self.headers["x-amz-target"], self.owner.fake
        fault = fake.next_fault(target)
        if fault == "cut_before":
            self.close_connection = True
            return
        if fault == "hang":
            self.owner.waiting.wait(30)
            self.close_connection = True
            return
        try:
            self._check_signature(body)
            if fault.startswith("refuse "):
                raise Refusal(fault.removeprefix("refuse "), "as the test wants")
            if fault.startswith("status "):
                raise Refusal("InternalFailure", "as the test wants", int(fault.removeprefix("status ")))
            answer, status = fake.answer(target, body), 200
        except Refusal as refusal:
            answer, status = {"__type": refusal.code, "message": refusal.message}, refusal.status
        if fault == "cut_after":
            self.close_connection = True
            return
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _check_signature(self, body: bytes) -> None:
        given = self.headers["authorization"]
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        request = AWSRequest(
            "POST", f"http://{self.headers['host']}/", {name: self.headers[name] for name in names}, body
        )
        request.context["timestamp"] = self.headers["x-amz-date"]
        request.context["signing"] = {}
        auth = SigV4Auth(Credentials(ACCESS, SECRET, TOKEN), "kinesis", REGION)
        canonical = auth.canonical_request(request)
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        if not given.endswith(f"Signature={expected}"):
            raise Refusal("InvalidSignatureException", "the signature does not match")
