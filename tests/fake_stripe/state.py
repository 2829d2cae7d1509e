"""What the fake remembers: objects by kind, the time, events, and who is told of them."""

import hmac
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from tests.fake_stripe.wire import missing

API_VERSION = "2026-10-28.endive"


@dataclass
class Endpoint:
    """An address that is told; thin ones get version 2 events, the others whole objects."""

    url: str
    secret: str
    thin: bool
    enabled: tuple[str, ...] = ("*",)

    def wants(self, kind: str) -> bool:
        """Whether events of this kind go there."""
        return "*" in self.enabled or kind in self.enabled


@dataclass
class Delivery:
    """One event on its way to one address."""

    endpoint: Endpoint
    body: bytes

    def header(self, at: int, *, secret: str = "") -> str:
        """Stripe's signature, made when the delivery is tried."""
        signed = f"{at}.".encode() + self.body
        digest = hmac.new((secret or self.endpoint.secret).encode(), signed, sha256).hexdigest()
        return f"t={at},v1={digest}"


@dataclass
class State:
    """Everything, behind one lock."""

    clock: Callable[[], float] = time.time
    url: str = ""
    lock: Any = field(default_factory=threading.RLock)
    kinds: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    endpoints: list[Endpoint] = field(default_factory=list)
    outgoing: list[Delivery] = field(default_factory=list)
    sent_events: dict[str, dict[str, Any]] = field(default_factory=dict)
    thin_events: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)  # by idempotency key
    meter_events: list[dict[str, Any]] = field(default_factory=list)
    held_events: list[dict[str, Any]] = field(default_factory=list)
    holds_aggregation: bool = False
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock())

    def now_for(self, customer: str) -> int:
        """The time a customer lives in: that of its test clock where it has one."""
        owner = self.kinds.get("customer", {}).get(customer, {})
        clock = self.kinds.get("test_clock", {}).get(owner.get("test_clock") or "")
        return int(clock["frozen_time"]) if clock else self.now()

    def new_id(self, prefix: str) -> str:
        """As long as Stripe's, and never the same twice."""
        return f"{prefix}_{next(self.numbers):04d}{random.randrange(16**16):016x}"

    def add(self, kind: str, prefix: str, obj: str, **values: Any) -> dict[str, Any]:
        """A new object."""
        number = self.new_id(prefix)
        row: dict[str, Any] = {
            "id": number,
            "object": obj,
            "created": self.now(),
            "livemode": False,
            **values,
        }
        self.kinds.setdefault(kind, {})[number] = row
        return row

    def get(self, kind: str, number: str) -> dict[str, Any]:
        """An object, or a 404 in Stripe's words."""
        try:
            return self.kinds[kind][number]
        except KeyError:
            raise missing(kind, number) from None

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Newest first, as lists are."""
        return list(reversed(self.kinds.get(kind, {}).values()))

    def tell(self, kind: str, obj: dict[str, Any]) -> None:
        """A version 1 event: the object as it is now."""
        event: dict[str, Any] = {
            "id": self.new_id("evt"), "object": "event", "type": kind, "api_version": API_VERSION, "livemode": False,
            "created": self.now(), "data": {"object": deepcopy(obj)}, "pending_webhooks": 1, "request": None,
        }  # fmt: skip
        self.sent_events[event["id"]] = event
        self._queue(kind, event, thin=False)

    def tell_thin(self, kind: str, *, related: dict[str, str] | None, data: dict[str, Any]) -> None:
        """A version 2 event: its id alone goes out, its data is there to fetch."""
        created = datetime.fromtimestamp(self.now(), UTC).isoformat().replace("+00:00", "Z")
        note: dict[str, Any] = {
            "id": self.new_id("evt_test"), "object": "v2.core.event", "type": kind, "created": created,
            "livemode": False, "context": None, "related_object": related,
        }  # fmt: skip
        self.thin_events[note["id"]] = note | {"data": data}
        self._queue(kind, note, thin=True)

    def _queue(self, kind: str, event: dict[str, Any], *, thin: bool) -> None:
        body = json.dumps(event).encode()
        self.outgoing += [
            Delivery(one, body) for one in self.endpoints if one.thin == thin and one.wants(kind)
        ]
