"""A webhook receiver for one developer on one machine: answers challenges, checks signatures, hands on what came."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tracker.webhooks.signing import BadSignature, verify
from tracker.webhooks.verification import KIND as CHALLENGE

HOST = "127.0.0.1"
LONGEST_BODY = 1_048_576


@dataclass(frozen=True)
class Heard:
    """One request: the event in it, or why it was refused."""

    event: dict[str, Any] | None
    refused: str = ""
    request_id: str = ""

    @property
    def is_challenge(self) -> bool:
        """Whether it only asked if we want to be told."""
        return self.event is not None and self.event.get("type") == CHALLENGE


class Receiver(ThreadingHTTPServer):
    """Listens on the loopback. `hear` is called, from any thread, with each request that came."""

    daemon_threads = True

    def __init__(self, port: int, hear: Callable[[Heard], None]) -> None:
        super().__init__((HOST, port), Taker)
        self.hear = hear
        self.secrets: Sequence[bytes] = ()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_port}/"


class Taker(BaseHTTPRequestHandler):
    """Takes one request as a receiver should: signature first, over the bytes as they came."""

    server: Receiver

    def do_POST(self) -> None:
        """401 for what is not signed with our secret, the challenge for a challenge, else 204."""
        heard = self._heard()
        if heard.event is None:
            self._answer(401, heard.refused)
        elif heard.is_challenge:
            self._answer(200, str(heard.event.get("challenge", "")))
        else:
            self._answer(204, "")
        self.server.hear(heard)

    def log_message(self, *_: object) -> None:
        """What came is printed by whoever hears it."""

    def _heard(self) -> Heard:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return Heard(None, "the body is too long")
        body = self.rfile.read(int(length))
        try:
            verify(self.server.secrets, dict(self.headers.items()), body, now=time.time())
            event = json.loads(body)
        except BadSignature as error:
            return Heard(None, str(error))
        except ValueError:
            return Heard(None, "the body is no JSON")
        return Heard(event, request_id=self.headers.get("milepost-request-id", ""))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def lines_of(event: dict[str, Any], *, at: str, note: str = "") -> list[str]:
    """An event for reading: one line that says what and when, then its data."""
    head = f"{at}  {event.get('type')}  happened {event.get('timestamp')}  {event.get('id')}"
    data = json.dumps(event.get("data"), indent=2, ensure_ascii=False)
    return [f"{head}  {note}".rstrip(), *(f"    {line}" for line in data.splitlines())]
