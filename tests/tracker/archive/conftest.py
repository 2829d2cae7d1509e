"""What tests of the archive stand on: committed rows, an archive of its own, and a day that is over."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from pyarrow import parquet

from tests.tracker.caller import a_device
from tracker.archive import trouble
from tracker.archive.shelf import open_shelf
from tracker.devices.models import Device
from tracker.http.connections import redis_client
from tracker.positions.models import ArchivedDay, Position
from tracker.tenants.models import Environment

FACTS: list[dict[str, Any]] = [
    {"accuracy_m": 4.2, "speed_mps": 8.3, "heading_deg": 270.0, "altitude_m": -3.4, "battery": 0.81},
    {"activity": "", "charging": False, "permissions": {"location": "always"}},
    {
        "activity": 'quoted "and"\nbroken, Ünïcödé 🚚',
        "charging": True,
        "extra": {"a": [1, {"b": None}], "c": 10**30},
    },
    {},
]


def day_before(days: int = 1) -> date:
    """A complete UTC day that has a partition."""
    return datetime.now(UTC).date() - timedelta(days=days)


def later(day: date, hours: float = 30) -> datetime:
    """A time after a day, when it is complete: its last position is some hours old."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hours)


def store(
    device: Device, day: date, count: int = 8, *, stored_at: datetime | None = None, first_s: int = 0
) -> None:
    """Positions of a drive through Amsterdam, every ten seconds, with every kind of fact."""
    midnight = later(day, 0)
    rows = []
    for turn in range(count):
        at = midnight + timedelta(seconds=first_s + 10 * turn, microseconds=turn)
        values: dict[str, Any] = FACTS[turn % len(FACTS)] | {
            "environment_id": device.environment_id, "device_id": device.pk, "recorded_at": at,
            "received_at": at + timedelta(seconds=1), "stored_at": stored_at or at + timedelta(seconds=2),
            "location": Point(4.9 + turn * 1e-4 / 3, 52.37 + (turn % 3) * 1e-5, srid=4326), "request_id": uuid4(),
            "moved_at": at if turn % 2 else None,
        }  # fmt: skip
        rows.append(Position(**values))
    Position.objects.unscoped("a test makes rows").bulk_create(rows)


def table_of(environment: Environment, day: date) -> Sequence[tuple[Any, ...]]:
    """Everything the table holds of a day, texts of JSON as they are, in the archive's order."""
    rows = Position.objects.for_environment(environment).filter(
        recorded_at__gte=later(day, 0), recorded_at__lt=later(day, 24)
    )
    names = (
        "recorded_at", "received_at", "stored_at", "moved_at", "accuracy_m", "altitude_m", "speed_mps", "heading_deg",
        "battery", "charging", "activity", "permissions", "extra", "request_id", "location", "device_id",
    )  # fmt: skip
    return list(rows.order_by("device_id", "recorded_at").values_list(*names))


def archived(environment: Environment, day: date) -> ArchivedDay:
    return ArchivedDay.objects.for_environment(environment).get(day=day)


def objects(folder: Path) -> list[str]:
    """Every file of a local archive, unfinished ones too."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def read(row: ArchivedDay) -> list[dict[str, Any]]:
    """The rows of an archived day, straight from its object."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "read.parquet"
        open_shelf().fetch(row.location, target)
        return list(parquet.read_table(target).to_pylist())


@pytest.fixture(autouse=True)
def nothing_told(settings) -> Iterator[None]:
    """Redis as it is before the first run, and afterwards."""
    client = redis_client(settings.REDIS_URL)
    keys = (trouble.STATE_KEY, trouble.TROUBLE_KEY)
    client.delete(*keys)
    yield
    client.delete(*keys)


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    """A local archive of the test's own."""
    settings.ARCHIVE, settings.ARCHIVE_URL, settings.ARCHIVE_DIR = True, "", tmp_path / "archive"
    return Path(settings.ARCHIVE_DIR)


@pytest.fixture
def as_worker(transactional_db) -> Iterator[None]:
    """The application's role, which owns nothing, for the rest of the test."""
    facts = connection.settings_dict
    owner = {name: facts[name] for name in ("USER", "PASSWORD")}
    _connect_as({"USER": "milepost_app", "PASSWORD": os.environ.get("MILEPOST_APP_PASSWORD", "")})
    yield
    _connect_as(owner)


def _connect_as(role: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's own
    connection.settings_dict |= role


@pytest.fixture
def vans(transactional_db, customer) -> tuple[Device, Device]:
    """Two devices of the customer's test environment. Everything is committed: the archive has transactions."""
    return a_device(customer.test, "van-1"), a_device(customer.test, "van/2, ünï")
