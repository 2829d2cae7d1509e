"""`GET /healthz`: which parts are up, quickly, whatever is down."""

import json
import socket
import threading
import time

import pytest
import redis
from django.test import Client

from tracker.http import health
from tracker.http.connections import redis_client

EVERYBODY = {"database", "redis", "archive", *health.PROCESSES}


@pytest.fixture
def heartbeats(settings):
    """Sets a component's key as the processes do; all are gone afterwards."""
    client = redis_client(settings.REDIS_URL)

    def clear():
        if keys := list(client.scan_iter(match="health:*")):
            client.delete(*keys)

    def say(component, instance="1", age_s=0.0, value=None):
        text = json.dumps({"at": time.time() - age_s}) if value is None else value
        client.set(f"health:{component}:{instance}", text, ex=60)

    clear()
    yield say
    clear()


@pytest.fixture
def elsewhere(monkeypatch, settings):
    """Lets the check look for the database somewhere else."""

    def move(**address):
        monkeypatch.setattr(health, "_database", lambda: settings.DATABASES["default"] | address)

    return move


def ask():
    answer = Client().get("/healthz")
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.content)


@pytest.mark.django_db
def test_a_held_lane_is_named(heartbeats):
    for component in health.PROCESSES:
        heartbeats(component)
    heartbeats("consumer", "0", value=json.dumps({"at": time.time(), "held": "loc:2,loc:0"}))
    status, document = ask()
    assert status == 200
    assert document["components"]["consumer"]["held_lanes"] == ["loc:0", "loc:2"]


@pytest.mark.django_db
def test_events_that_a_subscriber_fails_at_are_named_though_all_is_up(heartbeats):
    for component in health.PROCESSES:
        heartbeats(component)
    assert ask()[1]["attention"] == []
    for instance, count in (("1", 2), ("2", 3)):  # both relays meet them
        stuck = {"shipment.delivered": count, "manifest.released": 1}
        heartbeats("relay", instance, value=json.dumps({"at": time.time(), "stuck": stuck}))
    status, document = ask()
    assert (status, document["status"]) == (200, "ok")
    assert document["components"]["relay"]["stuck"] == {"shipment.delivered": 3, "manifest.released": 1}
    [line] = document["attention"]
    assert line.endswith("again and again: 1 manifest.released, 3 shipment.delivered")


@pytest.mark.django_db
def test_messages_that_the_broker_holds_are_no_held_lanes(heartbeats):
    for component in health.PROCESSES:
        heartbeats(component)
    heartbeats("consumer", "0", value=json.dumps({"at": time.time(), "held": ""}))
    heartbeats("bridge", "0", value=json.dumps({"at": time.time(), "held": 3}))
    assert "held_lanes" not in ask()[1]["components"]["consumer"]


@pytest.mark.django_db
def test_a_line_is_written_when_what_is_down_changes_and_not_for_every_question(heartbeats, caplog):
    for component in health.PROCESSES:
        heartbeats(component)
    ask()
    caplog.clear()
    heartbeats("live", age_s=60)
    for _ in range(3):
        ask()
    heartbeats("live")
    ask()
    said = [(record.levelname, record.message, vars(record).get("down")) for record in caplog.records]
    assert said == [("WARNING", "components are down", "live"), ("INFO", "all components are up again", "")]


@pytest.mark.django_db
def test_all_up_is_ok(heartbeats):
    for component in health.PROCESSES:
        heartbeats(component)
    heartbeats("edge", "2", age_s=3)
    status, document = ask()
    assert (status, document["status"]) == (200, "ok")
    assert set(document["components"]) == EVERYBODY
    assert document["components"]["edge"]["instances"] == 2
    assert document["components"]["edge"]["age_s"] < 3
    assert document["components"]["database"]["latency_ms"] >= 0


@pytest.mark.django_db
def test_a_process_that_says_nothing_is_down_and_named(heartbeats):
    for component in health.PROCESSES:
        if component != "bridge":
            heartbeats(component)
    heartbeats("bridge", age_s=40)
    status, document = ask()
    assert (status, document["status"]) == (503, "degraded")
    assert [n for n, c in document["components"].items() if c["status"] != "ok"] == ["bridge"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", ["", "no json", "[]", '{"at":"x"}', '{"at":null}', "1", '{"at":NaN}', "\xff"]
)
def test_a_key_that_cannot_be_read_counts_for_nothing(heartbeats, value):
    heartbeats("edge", value=value)
    assert ask()[1]["components"]["edge"]["status"] == "down"


@pytest.mark.django_db
def test_only_what_is_required_decides(heartbeats, settings):
    settings.HEALTH_COMPONENTS = ["database", "redis"]
    status, document = ask()
    assert (status, document["status"]) == (200, "ok")
    assert document["components"]["edge"]["status"] == "down"


@pytest.mark.django_db
def test_it_needs_no_key_and_no_transaction(heartbeats, django_assert_num_queries):
    with django_assert_num_queries(0):
        ask()


def test_a_database_that_is_away_is_said_quickly(heartbeats, elsewhere):
    elsewhere(HOST="/nowhere")
    status, document = ask()
    assert status == 503
    assert document["components"]["database"] == {"status": "down", "error": "OperationalError"}
    assert document["components"]["redis"]["status"] == "ok"


@pytest.fixture
def silent(tmp_path):
    """The path of a socket that takes connections and never says a word."""
    path = tmp_path / ".s.PGSQL.5432"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)
        yield path
    deadline = time.monotonic() + 20  # what hung must end before the next test asks
    while any(not f.done() for f in health._running.values()) and time.monotonic() < deadline:
        threading.Event().wait(0.05)


def test_a_database_that_hangs_holds_nobody_up(heartbeats, elsewhere, silent):
    elsewhere(HOST=str(silent.parent), PORT="5432")
    for _ in range(3):
        status, document = ask()
        assert status == 503
        assert document["components"]["database"]["status"] == "down"


def test_a_redis_that_hangs_or_is_away_takes_the_processes_with_it(settings, silent):
    for url in (f"unix://{silent}", "unix:///nowhere"):
        settings.REDIS_URL = url
        status, document = ask()
        assert status == 503
        assert document["components"]["redis"]["status"] == "down"
        assert document["components"]["edge"] == {"status": "down", "instances": 0}


def test_errors_name_no_addresses(settings):
    settings.REDIS_URL = "unix:///a/secret/place"
    _, document = ask()
    assert "secret" not in json.dumps(document)
    assert issubclass(redis.ConnectionError, redis.RedisError)
