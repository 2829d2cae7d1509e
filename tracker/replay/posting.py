"""One kept-alive connection to the ingest endpoint: posts a batch, and again until it was answered for good."""

import http.client
import json
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PATH = "/ingest/v1/positions"
TIMEOUT_S = 30.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0
NO_ANSWER = 0
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class Refused(Exception):
    """The door said no and would say so again: a wrong key, a wrong shape. The message is its own sentence."""


class Stopped(Exception):
    """The wait for a door that is away was ended from outside."""


@dataclass
class Tally:
    """What happened at the door, over all connections that share it."""

    accepted: int = 0  # fixes in batches that were answered 202
    requests: int = 0
    retries: int = 0
    unanswered: int = 0  # fixes sent on a connection that broke before the answer, so maybe taken twice
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **counts: int) -> None:
        """Add to the named counts, from any thread."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


@dataclass(frozen=True)
class Address:
    """Where to post, and with which publishable key."""

    base_url: str
    key: str

    def headers(self) -> dict[str, str]:
        """Headers of every post."""
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}


class Door:
    """The ingest endpoint through one connection. Not for use by two threads at once."""

    def __init__(self, address: Address, tally: Tally, stop: threading.Event) -> None:
        self.address, self.tally, self.stop = address, tally, stop
        parts = urlsplit(address.base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._path = parts.path.rstrip("/") + PATH
        self._headers = address.headers()
        self._wait_s = FIRST_WAIT_S
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)

    def post(
        self, device: str, positions: Sequence[dict[str, Any]], info: dict[str, str] | None = None
    ) -> None:
        """Deliver a batch of one device: it goes again until it was answered 202.

        Raises Refused when the door says no for good, Stopped when the stop event ends the waiting.
        """
        while (wait_s := self.offer(device, positions, info)) > 0:
            if self.stop.wait(wait_s):
                raise Stopped

    def offer(
        self, device: str, positions: Sequence[dict[str, Any]], info: dict[str, str] | None = None
    ) -> float:
        """Post a batch once. 0 when it was answered 202, else seconds to wait before the same batch goes again.

        The wait is what the door asks for (Retry-After), or grows from try to try. Raises Refused.
        """
        document: dict[str, Any] = {"device_id": device, "positions": list(positions)}
        if info:
            document["device"] = info
        body = json.dumps(document, separators=(",", ":")).encode()
        status, headers, answer = self._once(body, len(positions))
        if status == 202:
            self.tally.add(requests=1, accepted=len(positions))
            self._wait_s = FIRST_WAIT_S
            return 0.0
        if status not in RETRIED and status != NO_ANSWER:
            raise Refused(f"{status}: {_sentence(answer)}")
        self.tally.add(retries=1)
        wait_s = self._wait_s * random.uniform(0.7, 1.3)  # noqa: S311 spreads the crowd, hides nothing
        self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 2)
        return _retry_after(headers) or wait_s

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _once(self, body: bytes, count: int) -> tuple[int, http.client.HTTPMessage | None, bytes]:
        """One try. NO_ANSWER stands for a connection that broke."""
        try:
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self.tally.add(unanswered=count)
            return NO_ANSWER, None, b""


def _sentence(answer: bytes) -> str:
    """The problem document's own words, or the beginning of whatever else came."""
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode("utf-8", "replace")


def _retry_after(headers: http.client.HTTPMessage | None) -> float | None:
    text = headers.get("Retry-After", "") if headers is not None else ""
    return min(float(text), LONGEST_WAIT_S) if text.isdigit() else None
