"""What tests of the door share: a key, a stream that only remembers, and a post."""

import json

from ingest_lambda import keys
from ingest_lambda.accept import Porch, accept
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Request
from ingest_lambda.keys import Kind, Mode
from ingest_lambda.report import Envelope
from ingest_lambda.stream import StreamUnavailable

SECRET = b"signing secret of the tests"
NOW_US = 1_795_338_000_000_000  # 2026-11-22T09:00:00Z
KEY_ID, ENVIRONMENT_ID = 7, 11
# the same in every process, so that tests named after them have the same names
PUBLISHABLE = keys.mint(Kind.PUBLISHABLE, Mode.TEST, KEY_ID, ENVIRONMENT_ID, SECRET, random=bytes)
SECRET_KEY = keys.mint(Kind.SECRET, Mode.TEST, 8, ENVIRONMENT_ID, SECRET, random=bytes)
BEARER = {"authorization": f"Bearer {PUBLISHABLE}"}
FIX = {"recorded_at": "2026-11-22T09:00:00Z", "latitude": 52.37, "longitude": 4.9}


class RememberingStream:
    """A StreamWriter that keeps what it was given; `away` makes it refuse."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.away = False

    async def put(self, envelopes):
        if self.away:
            raise StreamUnavailable("away")
        self.envelopes.extend(envelopes)

    async def close(self):
        """Nothing waits."""


class Door:
    """A porch with a remembering stream, and a short way to post to it."""

    def __init__(self) -> None:
        self.stream = RememberingStream()
        self.revoked: set[int] = set()
        self.porch = Porch(Gatekeeper([SECRET], self.revoked), self.stream, now_us=lambda: NOW_US)

    async def post(self, body, *, headers=None, method="POST", path="/ingest/v1/positions"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = BEARER if headers is None else headers
        return await accept(Request(method, path, headers, "", body), self.porch)

    async def post_fix(self, fix=FIX, device_id="van-1", **more):
        """Post one position; the reply, and the envelope it became."""
        reply = await self.post({"device_id": device_id, "positions": [fix], **more})
        return reply, self.stream.envelopes[-1] if self.stream.envelopes else None


def problem(reply):
    """The document of a refusal, checked for what each must have."""
    document = json.loads(reply.body)
    headers = dict(reply.headers)
    assert headers["content-type"] == "application/problem+json"
    assert document["status"] == reply.status
    assert document["request_id"] == headers["x-request-id"]
    assert document["title"]
    assert document["detail"]
    assert document["type"] == "about:blank"
    return document
