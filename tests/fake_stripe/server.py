"""The server: who may ask, idempotency keys, refusals on demand, and the mail van for webhooks."""

import json
import random
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.fake_stripe import catalogue, hosted, meters, subscriptions  # noqa: F401  their addresses register themselves
from tests.fake_stripe.hosted import Page
from tests.fake_stripe.routing import find
from tests.fake_stripe.state import Delivery, Endpoint, State
from tests.fake_stripe.wire import Refusal, Request, read

HELD = object()  # an idempotency key whose first request is still under way
KEPT_S = 86_400
Post = Callable[[str, bytes, str], int]


class _Quiet(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        """With the connection itself, so that it can be broken."""
        return super().get_environ() | {"fake.connection": self.connection}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Tests are loud enough."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class FakeStripe:
    """Stripe on the loopback. `state.clock` is its time; `fail_next` and `before_answer` make trouble on demand."""

    def __init__(self, *, port: int = 0, key: str = "sk_test_fake", delivers_by_itself: bool = False) -> None:
        self.state = State()
        self.key = key
        self.fail_next: list[Refusal] = []  # answered instead of doing anything
        self.lose_next = 0  # done, and then the connection breaks before the answer
        self.before_answer: Callable[[Request], None] | None = None
        self.asked: list[tuple[str, str]] = []
        self._delivers = delivers_by_itself
        self._stop = threading.Event()
        self._server = make_server("127.0.0.1", port, self.app, server_class=_Server, handler_class=_Quiet)
        self.url = self.state.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FakeStripe":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        if self._delivers:
            threading.Thread(target=self._deliver_for_ever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    # --- what a test says to it ----------------------------------------------------------------------------

    def at(self, moment: datetime) -> None:
        """Its time from here on; what that brings about happens at once."""
        self.state.clock = moment.timestamp
        with self.state.lock:
            subscriptions.tick(self.state)

    def add_endpoint(self, url: str, *, secret: str, thin: bool = False) -> Endpoint:
        """Tell this address too."""
        endpoint = Endpoint(url, secret, thin)
        self.state.endpoints.append(endpoint)
        return endpoint

    def too_many(self, times: int = 1) -> None:
        """Answer 429 so many times."""
        self.fail_next += [
            Refusal(429, "Too many requests.", kind="invalid_request_error", code="rate_limit")
            for _ in range(times)
        ]

    def broken(self, times: int = 1) -> None:
        """Answer 500 so many times, and do nothing."""
        self.fail_next += [Refusal(500, "An unknown error occurred.", kind="api_error") for _ in range(times)]

    def aggregate(self) -> None:
        """Let meter events that are held count."""
        with self.state.lock:
            meters.aggregate(self.state)

    def take_outgoing(self, *, shuffled: bool = False, times: int = 1, seed: int = 0) -> list[Delivery]:
        """What waits to be told, taken away; late is when the test says so."""
        with self.state.lock:
            waiting, self.state.outgoing = self.state.outgoing, []
        told = waiting * times
        if shuffled:
            random.Random(seed).shuffle(told)
        return told

    def deliver(
        self, post: Post | None = None, *, shuffled: bool = False, times: int = 1, seed: int = 0
    ) -> list[int]:
        """Tell everybody what waits; their answers. What is not answered 2xx waits again."""
        answers = []
        for one in self.take_outgoing(shuffled=shuffled, times=times, seed=seed):
            status = (post or _post)(one.endpoint.url, one.body, one.header(self.state.now()))
            answers.append(status)
            if not 200 <= status < 300:
                self.state.outgoing.append(one)
        return answers

    def _deliver_for_ever(self) -> None:
        while not self._stop.wait(0.2):
            with self.state.lock:
                subscriptions.tick(self.state)
            self.deliver()

    # --- WSGI ----------------------------------------------------------------------------------------------

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request."""
        request = read(environ)
        self.asked.append((request.method, request.path))
        try:
            status, body, headers = self._answer(request)
        except Page as page:
            where = [("Location", page.location)] if page.location else []
            start_response(f"{page.status} Page", [("Content-Type", "text/html; charset=utf-8"), *where])
            return [page.body.encode()]
        if self.lose_next:
            self.lose_next -= 1
            environ["fake.connection"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("the answer is lost on purpose")
        sent = {"Content-Type": "application/json", "Request-Id": "req_fake", **headers}
        start_response(f"{status} Answer", list(sent.items()))
        return [json.dumps(body).encode()]

    def _answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        if request.path.startswith(("/c/", "/p/", "/i/")):
            with self.state.lock:
                return 200, find(request)(self.state, request), {}
        if request.headers.get("authorization") != f"Bearer {self.key}":
            refusal = Refusal(401, "Invalid API Key provided: sk_****", kind="invalid_request_error")
            return refusal.status, refusal.body, {}
        if self.fail_next:
            refusal = self.fail_next.pop(0)
            return refusal.status, refusal.body, refusal.headers
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        return self._once(key, request) if key else self._do(request)

    def _once(self, key: str, request: Request) -> tuple[int, Any, dict[str, str]]:
        """The first answer is kept a day: repeated for the same request, refused for another or a running one."""
        print_of = sha256(request.path.encode() + request.raw).hexdigest()
        with self.state.lock:
            kept = self.state.answers.get(key)
            if kept and kept["at"] > self.state.now() - KEPT_S:
                return _repeat(kept, print_of)
            self.state.answers[key] = {"print": print_of, "answer": HELD, "at": self.state.now()}
        answer = self._do(request)
        with self.state.lock:
            if answer[0] in (429, 409):
                del self.state.answers[key]
            else:
                self.state.answers[key]["answer"] = answer
        return answer

    def _do(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        try:
            if self.before_answer is not None:
                self.before_answer(request)
            with self.state.lock:
                body = find(request)(self.state, request)
                subscriptions.tick(self.state)
                return 200, json.loads(json.dumps(body)), {}
        except Refusal as refusal:
            return refusal.status, refusal.body, refusal.headers


def _repeat(kept: dict[str, Any], print_of: str) -> tuple[int, Any, dict[str, str]]:
    if kept["print"] != print_of:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        return 400, Refusal(400, message, kind="idempotency_error").body, {}
    if kept["answer"] is HELD:
        message = "There is currently another in-progress request using this Idempotent Key."
        return 409, Refusal(409, message, kind="idempotency_error", code="idempotency_key_in_use").body, {}
    status, body, headers = kept["answer"]
    return status, body, headers | {"Idempotent-Replayed": "true"}


def _post(url: str, body: bytes, signature: str) -> int:
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except OSError:
        return 0
