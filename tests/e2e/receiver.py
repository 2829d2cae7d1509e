"""A customer's own server for tests: takes webhooks on loopback, repeats challenges, keeps what came."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What came to `url`, in the order in which it came."""

    url: str
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, secret: str) -> list[dict[str, Any]]:
        """The events, each with its signature verified by the public library. Raises where one is not ours."""
        library = Webhook(secret)
        found = [library.verify(body, headers) for headers, body in list(self.requests)]
        return [event for event in found if event["type"] != "webhook.verification"]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = json.dumps({"challenge": json.loads(body).get("challenge")}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
