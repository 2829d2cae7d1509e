"""The worker on one machine: lanes, stops, restarts, and failures that pass."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ingest_lambda import config
from ingest_lambda.consume import Place
from ingest_lambda.lanes import ORPHANED_AFTER_S, Lanes, lag, load
from ingest_lambda.report import encode
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.stream import lane_name, lane_number
from ingest_lambda.stream.redis_reader import RedisStreamReader, Tail
from ingest_lambda.worker import KEEP_ENTRIES_S, Worker, main
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix

pytestmark = pytest.mark.django_db
LANES = 4


def until(check, seconds=20.0):
    """Wait for `check` to be true, looking again and again."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def put(client, ground, envelopes, together=1):
    """What the door does: entries of a few envelopes on each device's lane. Fixes by lane."""
    waiting: dict[str, list[bytes]] = {}
    for envelope in envelopes:
        lane = lane_name(lane_number(envelope.environment_id, envelope.device, LANES))
        waiting.setdefault(lane, []).append(encode(envelope))
    for lane, data in waiting.items():
        for start in range(0, len(data), together):
            fields = {f"e{n}": one for n, one in enumerate(data[start : start + together])}
            client.xadd(lane, {"f": os.urandom(16), **fields})
    return waiting


@pytest.fixture
def settings_of(edge_url, redis_url):
    """The worker's settings; given values win."""

    def make(**changed):
        facts = {"redis_url": redis_url, "database_url": edge_url, "lanes": LANES, "log_level": "INFO"}
        environ = {"MILEPOST_KEY_SIGNING_SECRETS": "test", "MILEPOST_ENV_FILE": "/nonexistent"}
        loaded = config.load(environ)
        return config.Config(
            **{name: getattr(loaded, name) for name in loaded.__struct_fields__} | facts | changed
        )

    return make


@pytest.fixture
def run(settings_of):
    """Run workers in threads; they are stopped at the end of the test."""
    running = []

    def start(index=0, workers=1, **changed):
        worker = Worker(settings_of(**changed), index, workers)
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        running.append((worker, thread))
        return worker, thread

    yield start
    for worker, thread in running:
        worker.stop()
        thread.join(15)
        assert not thread.is_alive()


def fleet(ground, devices, fixes):
    first = ground.now_us - HOUR
    return [
        ground.envelope(f"v{device}", [fix(first + n * SECOND, 4.9 + n * 1e-4)])
        for n in range(fixes)
        for device in range(devices)
    ]


def test_what_is_put_on_the_stream_is_stored_and_the_worker_says_so(ground, client, run):
    put(client, ground, fleet(ground, 10, 20), together=7)
    worker, thread = run()
    until(lambda: ground.outcomes() == {"accepted": 200})
    sign = json.loads(until(lambda: client.get("health:consumer:0")))
    assert {"at", "lanes", "lag_entries", "lag_s", "fixes_per_s", "trouble"} <= set(sign)
    worker.stop()
    thread.join(10)
    assert not client.exists("health:consumer:0")


def test_two_workers_share_the_lanes(ground, client, run):
    run(0, 2)
    run(1, 2)
    put(client, ground, fleet(ground, 20, 10))
    until(lambda: ground.outcomes() == {"accepted": 200})
    signs = [json.loads(until(lambda n=n: client.get(f"health:consumer:{n}"))) for n in range(2)]
    assert all(sign["trouble"] == "" for sign in signs)


def test_a_held_lane_holds_no_other(ground, client, run, monkeypatch, edge_url):
    """A day whose partition is missing is the operator's to mend; everybody else goes on."""
    held_device = "v0"
    held = lane_number(ground.environment_id, held_device, LANES)
    others = [f"v{n}" for n in range(1, 60) if lane_number(ground.environment_id, f"v{n}", LANES) != held]
    add = Store.add_positions
    mended = threading.Event()

    def add_positions(self, accepted, now_us):
        if not mended.is_set() and any(trail.external_id == held_device for trail, *_ in accepted):
            self.connection.execute(
                """INSERT INTO tracker_position
                    (environment_id, device_id, recorded_at, received_at, stored_at, location, request_id)
                VALUES (1, 1, '2001-01-01', now(), now(), ST_SetSRID(ST_Point(1, 1), 4326), gen_random_uuid())"""
            )
        add(self, accepted, now_us)

    monkeypatch.setattr(Store, "add_positions", add_positions)
    put(client, ground, [ground.envelope(name, [fix(ground.now_us)]) for name in [held_device, *others]])
    run()
    until(lambda: ground.outcomes().get("accepted", 0) == len(others))
    assert ground.positions(held_device) == []
    mended.set()
    until(lambda: ground.outcomes() == {"accepted": len(others) + 1})


def test_a_session_cut_by_the_database_is_begun_again(ground, client, run, edge_url):
    run()
    put(client, ground, fleet(ground, 4, 5))
    until(lambda: ground.outcomes() == {"accepted": 20})
    with connect(edge_url) as other:
        cut = other.execute(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'milepost-consumer-0' AND datname = current_database()"""
        ).fetchone()
    assert cut == (1,)
    put(client, ground, [ground.envelope("later", [fix(ground.now_us)])])
    until(lambda: ground.outcomes() == {"accepted": 21})


def test_killed_and_begun_again_everything_is_stored_once(ground, client, redis_url, edge_url):
    envelopes = fleet(ground, 40, 100)
    put(client, ground, envelopes, together=3)
    environment = os.environ | {
        "MILEPOST_REDIS_URL": redis_url,
        "MILEPOST_EDGE_DATABASE_URL": edge_url,
        "MILEPOST_KEY_SIGNING_SECRETS": "test",
        "MILEPOST_STREAM_LANES": str(LANES),
        "MILEPOST_ENV_FILE": "/nonexistent",
    }
    command = [sys.executable, "-m", "ingest_lambda.worker"]
    for lives in range(3):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            least = 1000 * (lives + 1)
            until(lambda least=least: sum(ground.outcomes().values()) >= min(least, 4000))
            put(client, ground, envelopes[lives * 100 : lives * 100 + 50])
        finally:
            process.kill()
            process.communicate()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    until(lambda: sum(ground.outcomes().values()) == 4150)
    process.send_signal(signal.SIGTERM)
    lines, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert ground.outcomes() == {"accepted": 4000, "duplicate": 150}
    assert ground.rows(
        "SELECT count(*)::int FROM tracker_position WHERE environment_id = %s", ground.environment_id
    ) == [(4000,)]
    assert json.loads(lines.splitlines()[-1])["message"] == "stopped"


def test_a_lane_is_adopted_when_its_worker_is_gone_and_given_back_when_it_returns(
    store, client, ground, edge_url
):
    reader = RedisStreamReader(client)
    lanes = Lanes(LANES, 0, 2)
    lanes.refresh(store, reader, client, 0.0)
    assert set(lanes.owned) == {"loc:0", "loc:2"}
    lanes.refresh(store, reader, client, ORPHANED_AFTER_S)
    assert set(lanes.owned) == {"loc:0", "loc:1", "loc:2", "loc:3"}
    client.set("health:consumer:1", "{}", ex=15)
    lanes.refresh(store, reader, client, ORPHANED_AFTER_S + 1)
    assert set(lanes.owned) == {"loc:0", "loc:2"}
    with connect(edge_url) as other:
        rival = Lanes(LANES, 1, 2)
        rival.refresh(Store(other), reader, client, 0.0)
        assert set(rival.owned) == {"loc:1", "loc:3"}


def test_a_locked_lane_is_nobody_elses(store, client, ground, edge_url):
    with connect(edge_url) as other:
        assert Store(other).try_lock_lane(0)
        lanes = Lanes(1, 0, 1)
        lanes.refresh(store, RedisStreamReader(client), client, 0.0)
        assert lanes.owned == {}


def test_an_entry_half_stored_is_gone_on_with_in_its_middle(store, client, ground):
    entry = client.xadd(
        "loc:0", {"f": b"x", **{f"e{n}": encode(e) for n, e in enumerate(fleet(ground, 1, 5))}}
    )
    with store.transaction():
        store.lock_progress("loc:0")
        store.save_progress("loc:0", entry.decode(), 2)
    lane = load(0, store, RedisStreamReader(client))
    assert [unit.record.entry_index for unit in lane.waiting] == [2, 3, 4]
    assert lane.stretch(2).end == Place(entry.decode(), 4)


def test_a_stream_that_lost_its_end_is_reported_and_read_from_where_it_ends_now(
    store, client, ground, caplog
):
    with store.transaction():
        store.lock_progress("loc:0")
        store.save_progress("loc:0", "9999999999999-0", 1)
    with caplog.at_level(logging.ERROR):
        lane = load(0, store, RedisStreamReader(client))
    assert "Redis lost data" in caplog.text
    assert lane.stored == Place("0-0", 0) == ground.progress("loc:0")


def test_trimming_forgets_only_what_is_stored_and_an_hour_old(ground, client, settings_of, store):
    old = int((time.time() - KEEP_ENTRIES_S - 60) * 1000)
    for n in range(500):
        client.xadd("loc:0", {"f": b"x"}, id=f"{old}-{n}")
    client.xadd("loc:0", {"f": b"x"})
    worker = Worker(settings_of(lanes=1), 0, 1)
    worker._lanes.refresh(store, RedisStreamReader(client), client, 0.0)
    worker._trim()
    assert client.xlen("loc:0") == 501
    worker._lanes.owned["loc:0"].stored = Place(f"{old}-300", 1)
    worker._trim()
    assert 200 < client.xlen("loc:0") <= 301
    worker._lanes.owned["loc:0"].stored = Place(f"{int(time.time() * 1000)}-0", 1)
    worker._trim()
    assert 1 <= client.xlen("loc:0") <= 101


def test_the_lag_counts_entries_and_the_age_of_the_oldest(store, client, ground):
    lane = load(0, store, RedisStreamReader(client))
    assert lag(lane, Tail("5-0", 3, 10), None, 100.0) == (0, 0.0)
    assert lag(lane, Tail("98000-0", 5, 14), "97500-0", 100.0) == (4, 2.5)


@pytest.mark.parametrize("arguments", [["--index", "2", "--of", "2"], ["--index", "-1"]])
def test_a_number_outside_the_workers_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "must lie within" in capsys.readouterr().err
