"""A box of data at the edge: an environment with a key, a store on the consumer's own role, a Redis to itself."""

import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest
import redis
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.stream.redis_reader import open_redis
from tests.ingest_lambda.consumer.ground import Ground

OWNED = (
    "outboxevent",
    "geofencecrossing",
    "geofencevisit",
    "geofenceversionmember",
    "geofenceversion",
    "geofenceshape",
    "geofence",
    "position",
    "devicestate",
    "setasidereport",
    "deadletter",
    "outcomecount",
    "keyuse",
    "activedevice",
    "tracedrequest",
    "key",
    "devicecertificate",
    "device",
)


@pytest.fixture(scope="session")
def owner_url(django_db_setup: None) -> str:
    """The database the migrations built, as the role that owns its tables."""
    facts = connections["default"].settings_dict
    parts = {
        "host": facts["HOST"],
        "port": facts["PORT"],
        "user": facts["USER"],
        "password": facts["PASSWORD"],
    }
    return make_conninfo("", **{name: value for name, value in parts.items() if value}, dbname=facts["NAME"])


@pytest.fixture(scope="session")
def edge_url(owner_url: str) -> str:
    """The same database as the consumer's role, whose rights the migrations gave it."""
    given = os.environ.get("MILEPOST_EDGE_DATABASE_URL")
    parts = conninfo_to_dict(given) if given else conninfo_to_dict(owner_url) | {"user": "milepost_edge"}
    return make_conninfo("", **parts | {"dbname": conninfo_to_dict(owner_url)["dbname"]})


@pytest.fixture
def ground(owner_url: str) -> Iterator[Ground]:
    """An environment of a tenant of its own, committed, and gone after the test with all it holds."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        made = Ground.make(owner)
        yield made
        with owner.transaction():
            owner.execute("SELECT set_config('milepost.unscoped', 'test', true)")
            owner.execute(
                "UPDATE tracker_geofence SET draft_id = NULL WHERE environment_id = %s",
                (made.environment_id,),
            )
            for table in OWNED:
                owner.execute(
                    f"DELETE FROM tracker_{table} WHERE environment_id = %s", (made.environment_id,)
                )
            owner.execute("DELETE FROM tracker_deadletter WHERE environment_id IS NULL")
            owner.execute("DELETE FROM tracker_streamprogress")
            owner.execute("DELETE FROM tracker_consumedrecord")
            owner.execute("DELETE FROM tracker_environment WHERE id = %s", (made.environment_id,))
            owner.execute("DELETE FROM tracker_tenant WHERE id = %s", (made.tenant_id,))


@pytest.fixture
def store(edge_url: str) -> Iterator[Store]:
    """The statements, over a connection of the consumer's role."""
    with connect(edge_url, name=f"test-{uuid.uuid4().hex[:8]}") as connection:
        yield Store(connection)


@pytest.fixture
def known() -> Known:
    """The memory of a worker that has just begun."""
    return Known()


@pytest.fixture
def redis_url() -> str:
    """A Redis database no other worker of the run uses."""
    base, _, _ = os.environ["MILEPOST_REDIS_URL"].partition("?")
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{base}?db={8 + number % 8}"


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """That Redis, empty."""
    opened = open_redis(redis_url)
    opened.flushdb()
    yield opened
    opened.close()
