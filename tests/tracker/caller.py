"""Calls the API as a customer's server would, and makes the rows it reads."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.gis.geos import LineString, Point
from django.http import HttpResponse
from django.test import Client

from tracker.devices.models import Device, DeviceState
from tracker.ingestion.models import OutcomeCount, SetAsideReport
from tracker.positions.models import DailyLine, Position
from tracker.tenants.models import Environment

REQUEST = UUID("5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d")


@dataclass(frozen=True)
class Caller:
    """A server with a key. Errors come back as answers, as they would over the wire."""

    key: str

    def send(self, method: str, path: str, *, body: bytes | None = None, **headers: str) -> HttpResponse:
        """The answer to any request; `path` begins behind /api/v1/ and is already escaped."""
        url = path if path.startswith("/") else f"/api/v1/{path}"
        sent = {"authorization": f"Bearer {self.key}"} | headers
        extra: dict[str, Any] = {} if body is None else {"data": body}
        kind = sent.pop("content_type", "application/json")
        client = Client(raise_request_exception=False)
        answer: Any = client.generic(method, url, content_type=kind, headers=sent, **extra)
        return cast(HttpResponse, answer)

    def get(self, path: str, **query: Any) -> HttpResponse:
        """GET with query parameters; `from_` stands for `from`."""
        named = {name.rstrip("_"): value for name, value in query.items()}
        return self.send("GET", path + (f"?{urlencode(named)}" if named else ""))

    def json(self, path: str, **query: Any) -> Any:
        """The document a GET gives, which must succeed."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def patch(self, path: str, body: Any) -> HttpResponse:
        """PATCH with JSON, or with the very bytes given."""
        return self.send("PATCH", path, body=body if isinstance(body, bytes) else json.dumps(body).encode())

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """POST with JSON, with the very bytes given, or without a body."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self.send("POST", path, body=raw, **headers)

    def delete(self, path: str) -> HttpResponse:
        return self.send("DELETE", path)


def problem(answer: HttpResponse, status: int, code: str, param: str | None = None) -> str:
    """Checks that an answer is that refusal, whole and well formed; gives its sentence."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = json.loads(answer.content)
    assert document.get("code") == code, document
    assert document.get("param") == param, document
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["request_id"] == answer["X-Request-Id"]
    assert answer["Cache-Control"] == "no-store"
    return str(document["detail"])


def a_device(environment: Environment, external_id: str = "van-1", **facts: Any) -> Device:
    values: Any = facts | {"environment": environment, "external_id": external_id}
    return Device.objects.create(**values)


def a_state(device: Device, recorded_at: datetime, *, moved_at: datetime | None = None) -> DeviceState:
    """The device's last position: near Amsterdam."""
    return DeviceState.objects.create(
        environment_id=device.environment_id,
        device=device,
        recorded_at=recorded_at,
        received_at=recorded_at + timedelta(seconds=1),
        stored_at=recorded_at + timedelta(seconds=2),
        longitude=4.8952,
        latitude=52.3702,
        accuracy_m=5.5,
        battery=0.5,
        moved_at=moved_at or recorded_at,
        anchor_longitude=4.8952,
        anchor_latitude=52.3702,
    )


def a_position(device: Device, recorded_at: datetime, **facts: Any) -> Position:
    values: dict[str, Any] = {
        "environment_id": device.environment_id,
        "device": device,
        "recorded_at": recorded_at,
        "received_at": recorded_at + timedelta(seconds=1),
        "stored_at": recorded_at + timedelta(seconds=2),
        "location": Point(4.8952, 52.3702, srid=4326),
        "request_id": REQUEST,
    }
    return Position.objects.create(**cast(Any, values | facts))


def a_daily_line(device: Device, day: date, *points: tuple[float, float]) -> DailyLine:
    """The device's line of a day, from eight to nine: out of Amsterdam unless said otherwise."""
    at = datetime.combine(day, time(8), UTC)
    return DailyLine.objects.create(
        environment_id=device.environment_id,
        device=device,
        day=day,
        line=LineString(*(points or ((4.9, 52.3), (5.0, 52.4))), srid=4326),
        first_at=at,
        last_at=at + timedelta(hours=1),
        positions=42,
        distance_m=1234.56,
        error_bound_m=9.876,
        made_at=at + timedelta(days=1),
    )


def a_count(
    environment: Environment, second: datetime, outcome: str, count: int, *, reason: str = "", lane: int = 0
) -> None:
    OutcomeCount.objects.create(
        environment=environment, second=second, outcome=outcome, reason=reason, lane=lane, count=count
    )


def a_set_aside(environment: Environment, received_at: datetime, **facts: Any) -> SetAsideReport:
    values: dict[str, Any] = {
        "external_id": "van-1",
        "outcome": "quarantined",
        "reason": "bad_latitude",
        "detail": "latitude must lie within -90 and 90, not 123.4",
        "payload": '{"latitude":123.4}',
        "stored_at": received_at,
        "request_id": REQUEST,
    }
    values |= {"environment": environment, "received_at": received_at}
    return SetAsideReport.objects.create(**cast(Any, values | facts))


def yesterday(hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A time of yesterday, UTC: in the past whatever the hour, and inside the partitions there are."""
    day = datetime.now(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return day - timedelta(days=1)
