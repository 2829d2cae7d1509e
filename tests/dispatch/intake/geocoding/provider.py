"""A geocoding server on the loopback, that answers as it is told and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Provider:
    """Answers each question with the next of `answers`: a status and a body, which may be bytes."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.agents: list[str] = []
        self.url = ""

    def say(self, body: Any, status: int = 200) -> None:
        """The answer to the next question that has none yet."""
        self.answers.append((status, body))


@contextmanager
def a_provider() -> Iterator[Provider]:
    """The server, for as long as the block lasts."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(
                {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            )
            provider.agents.append(self.headers["User-Agent"])
            status, body = provider.answers.pop(0) if provider.answers else (500, b"")
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", provider.url + "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *parts: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
