"""The running product as a customer sees it: HTTP and nothing else, plus the command line an operator has."""

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from box.place import PROJECT
from box.stack import Stack

PASSWORD = "correct-horse-battery-9"
NEW_TENANT = """
import json
from django.db import transaction
from tracker.tenants.models import User
from tracker.tenants.services import create_tenant
name = {name!r}
with transaction.atomic():
    made = create_tenant(name, owner=User.objects.create_user(name + "@example.com", {password!r}))
print("FACTS " + json.dumps({{
    "environment_id": made.test.environment.public_id,
    "publishable_key": made.test.publishable_key, "secret_key": made.test.secret_key,
}}))
"""


@dataclass(frozen=True)
class Answer:
    """Status, text and headers (their names in lower case) of an answer."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The text as JSON."""
        return json.loads(self.text)


def call(
    method: str,
    url: str,
    key: str,
    body: Any = None,
    timeout_s: float = 30.0,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request, with a key unless that is empty; an HTTP status is an answer and no error."""
    data = json.dumps(body).encode() if body is not None else None
    sent = {"Content-Type": "application/json", **(headers or {})}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return Answer(answer.status, answer.read().decode(), _lower(answer.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode("utf-8", "replace"), _lower(error.headers))


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True)
class Customer:
    """A tenant's test environment, through its keys."""

    base_url: str
    environment_id: str
    publishable_key: str
    secret_key: str
    email: str

    def get(self, path: str, **query: Any) -> Any:
        """A document of the API."""
        url = f"{self.base_url}/api/v1/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        answer = call("GET", url, self.secret_key)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text[:300]}"
        return answer.document

    def post(self, device: str, positions: list[dict[str, Any]], timeout_s: float = 30.0) -> Answer:
        """One request of a phone."""
        body = {"device_id": device, "positions": positions}
        url = f"{self.base_url}/ingest/v1/positions"
        return call("POST", url, self.publishable_key, body, timeout_s)

    def outcomes(self, since: datetime) -> dict[str, Any]:
        """Counts of what was received from `since` on; checks that they add up."""
        until = datetime.now(UTC) + timedelta(minutes=1)
        counts: dict[str, Any] = self.get("outcomes", **{"from": since.isoformat(), "to": until.isoformat()})
        whole = counts["accepted"] + counts["duplicate"]
        whole += sum(counts["filtered"].values()) + sum(counts["quarantined"].values())
        assert counts["received"] == whole, counts
        return counts

    def devices(self) -> dict[str, dict[str, Any]]:
        """All devices by the id they sent."""
        return {device["external_id"]: device for device in self._pages("devices", "data")}

    def positions(self, device: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """A device's stored positions as GeoJSON features."""
        query = {"from": since.isoformat(), "to": until.isoformat()}
        path = f"devices/external:{urllib.parse.quote(device, safe='')}/positions"
        return list(self._pages(path, "features", **query))

    def _pages(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            yield from page[name]
            if not page.get("next_cursor"):
                return
            cursor = {"cursor": page["next_cursor"]}


def new_customer(stack: Stack, name: str) -> Customer:
    """A tenant of its own, so that one test's counts are not another's."""
    said = manage(stack, "shell", "-c", NEW_TENANT.format(name=name, password=PASSWORD))
    facts = json.loads(next(line for line in said.splitlines() if line.startswith("FACTS "))[6:])
    return Customer(stack.base_url, email=f"{name}@example.com", **facts)


def manage(stack: Stack, *words: str) -> str:
    """What `manage.py` says; AssertionError with its complaint when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=PROJECT,
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"manage.py {words[0]}: {done.stdout[-500:]}{done.stderr[-1500:]}"
    return done.stdout
