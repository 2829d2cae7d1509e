"""An ingest endpoint of our own that keeps what it took, and can be told to refuse, break off or ask for patience."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeDoor:
    """`next_answers` holds statuses for the coming posts (0 breaks the connection off); 202 after that."""

    def __init__(self) -> None:
        self.next_answers: deque[int] = deque()
        self.taken: dict[str, list[dict]] = defaultdict(list)
        self.info: dict[str, dict] = {}
        self.posts = 0
        self.connections = 0
        self.keys: set[str] = set()
        self.lock = threading.Lock()
        self.url = ""

    @property
    def count(self) -> int:
        """How many positions were answered 202."""
        with self.lock:
            return sum(len(own) for own in self.taken.values())


def _handler(door: FakeDoor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            with door.lock:
                door.connections += 1

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with door.lock:
                door.posts += 1
                status = door.next_answers.popleft() if door.next_answers else 202
                door.keys.add(self.headers["Authorization"])
                if status == 202:
                    door.taken[body["device_id"]] += body["positions"]
                    door.info[body["device_id"]] = body.get("device", {})
            if status == 0:
                self.close_connection = True
                return
            answer = json.dumps({"received": len(body["positions"]), "detail": f"said {status}"}).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def fake_door() -> Iterator[FakeDoor]:
    """A door on a free port of this machine."""
    door = FakeDoor()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(door))
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
