"""What tests of the one address share: a request as an app sends it, its answer, what travelled on, its meaning."""

import json
from urllib.parse import urlencode

from ingest_lambda.accept import accept
from ingest_lambda.exchange import Request
from tests.ingest_lambda.door import PUBLISHABLE, Door

NOON = "2026-11-22T08:59:30Z"  # half a minute before the door's now
NOON_S = 1_795_337_970


class App:
    """One request to the one address. A dict as query or form is encoded, any other body than bytes is JSON."""

    def __init__(self, *, query="", form=None, body=b"", headers=None, method="POST", path=""):
        self.query = query if isinstance(query, str) else urlencode(query)
        if form is not None:
            body = urlencode(form).encode()
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.method, self.path = method, path

    async def reports(self, door=None):
        """The answer, and the envelopes that travelled on."""
        door = door or Door()
        return await self._send(door, ""), door.stream.envelopes

    async def explained(self, door=None):
        """The document of explain; it stored nothing."""
        door = door or Door()
        reply = await self._send(door, "/explain")
        assert reply.status == 200
        assert door.stream.envelopes == []
        return json.loads(reply.body)

    async def one(self, door=None):
        """The one fix of the request, and its envelope; the answer is 2xx."""
        reply, envelopes = await self.reports(door)
        assert 200 <= reply.status < 300, reply
        [envelope] = envelopes
        assert envelope.refused == []
        [fix] = envelope.positions
        return fix, envelope

    async def refused(self):
        """The reasons of what was refused, and the answer."""
        reply, envelopes = await self.reports()
        return [refused.reason for envelope in envelopes for refused in envelope.refused], reply

    async def _send(self, door, suffix):
        path = f"/ingest/{PUBLISHABLE}{self.path}{suffix}"
        return await accept(Request(self.method, path, self.headers, self.query, self.body), door.porch)


def extra(fix):
    """What was kept beside the known facts."""
    return json.loads(fix.extra) if fix.extra else {}
