"""The consumer as a function: batches that come once, twice, in part, with poison, while the database is away."""

import base64
import json
import os
import random
import threading
import time
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda import config, lambda_consume, lambda_sweep
from ingest_lambda.failures import Retriable
from ingest_lambda.iot_record import envelopes_of
from ingest_lambda.kinesis_event import BadEvent, make_event
from ingest_lambda.lambda_consume import ConsumeFunction, function_of, handler
from ingest_lambda.report import DeviceInfo, Registration, encode
from ingest_lambda.steps.register import register
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.stream.shards import ShardRecord
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix

pytestmark = pytest.mark.django_db
SHARD = "shardId-000000000002"
ARN = "arn:aws:kinesis:eu-west-1:1:stream/positions"
LANE = "positions:000000000002"


def records(envelopes):
    """What stands on the shard, for envelopes or plain bytes."""
    data = [one if isinstance(one, bytes) else encode(one) for one in envelopes]
    return [ShardRecord(str(10**55 + n), "key", one, 1e9) for n, one in enumerate(data)]


def event(batch):
    return make_event(SHARD, batch, ARN)


def for_ever():
    return float("inf")


def fleet(ground, devices=4, fixes=10):
    first = ground.now_us - HOUR
    return [
        ground.envelope(f"v{device}", [fix(first + n * SECOND, 4.9 + n * 1e-4)])
        for n in range(fixes)
        for device in range(devices)
    ]


@pytest.fixture
def function(edge_url, client, ground):
    function = ConsumeFunction(edge_url, client, now_us=lambda: ground.now_us)
    yield function
    function.close()


def deliver(function, batch):
    """Invoke once; the sequence number from which it must come again, or ""."""
    failures = function.handle(event(batch), for_ever)["batchItemFailures"]
    return failures[0]["itemIdentifier"] if failures else ""


def test_a_batch_is_stored_counted_and_announced(ground, function, client):
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"live:{ground.environment_id}")
    listener.get_message(timeout=5)
    assert deliver(function, records(fleet(ground))) == ""
    assert ground.outcomes() == {"accepted": 40}
    assert len(ground.positions("v0")) == 10
    assert listener.get_message(timeout=5)["channel"] == f"live:{ground.environment_id}".encode()
    assert ground.rows("SELECT count(*)::int FROM tracker_streamprogress") == [(0,)]


def test_a_batch_that_comes_again_counts_nothing_twice(ground, function):
    batch = records(fleet(ground))
    for again in (batch, batch, batch[7:], batch[:3], batch[:0]):
        assert deliver(function, again) == ""
    assert ground.outcomes() == {"accepted": 40}


def test_the_same_fix_sent_twice_by_its_device_is_a_duplicate_and_no_redelivery(ground, function):
    envelopes = fleet(ground, 1, 5)
    again = [ground.envelope("v0", envelope.positions) for envelope in envelopes]
    deliver(function, records([*envelopes, *again]))
    assert ground.outcomes() == {"accepted": 5, "duplicate": 5}


def test_a_record_that_stands_twice_on_the_stream_counts_once(ground, function):
    """A put whose answer was lost is made again: the same request, at two places."""
    envelopes = fleet(ground, 2, 5)
    deliver(function, records([*envelopes, *envelopes[4:], *envelopes]))
    assert ground.outcomes() == {"accepted": 10}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32), cuts=st.lists(st.tuples(st.integers(0, 39), st.integers(1, 40)), max_size=8)
)
def test_whatever_batches_come_again_at_whatever_boundary_the_counts_are_those_of_one_run(
    ground, function, seed, cuts
):
    """Each delivery is any stretch of the shard; in the end everything was delivered at least once, in order."""
    rng = random.Random(seed)
    before = ground.outcomes()
    device = f"r{uuid.uuid4().hex}"
    first = ground.now_us - HOUR
    envelopes = [
        ground.envelope(device, [fix(first + n // 2 * SECOND, 4.9 + n // 2 * 1e-4)]) for n in range(40)
    ]
    batch = records(envelopes)
    done = 0
    for start, length in cuts:
        start = min(start, done)  # what was never delivered is not skipped
        deliver(function, batch[start : start + length])
        done = max(done, min(40, start + length))
    deliver(function, batch[done:])
    deliver(function, batch[rng.randrange(40) :])
    after = ground.outcomes()
    gained = {ending: after[ending] - before.get(ending, 0) for ending in after}
    assert {ending: count for ending, count in gained.items() if count} == {"accepted": 20, "duplicate": 20}
    assert len(ground.positions(device)) == 20


def test_two_deliveries_at_once_count_once(ground, edge_url, client):
    """An invocation that timed out may still be storing when its batch comes again."""
    batch = records(fleet(ground, 10, 20))
    functions = [ConsumeFunction(edge_url, client) for _ in range(3)]
    threads = [threading.Thread(target=deliver, args=(one, batch)) for one in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in functions:
        deliver(one, batch)
        one.close()
    assert ground.outcomes() == {"accepted": 200}


def poisoned(monkeypatch, device):
    add = Store.add_positions

    def add_positions(self, accepted, now_us):
        if any(trail.external_id == device for trail, *_ in accepted):
            raise ValueError("this fix breaks the step")
        add(self, accepted, now_us)

    monkeypatch.setattr(Store, "add_positions", add_positions)


def test_poison_is_parked_alone_and_once_however_often_it_comes(ground, function, monkeypatch):
    poisoned(monkeypatch, "bad")
    envelopes = fleet(ground, 4, 10)
    envelopes.insert(17, ground.envelope("bad", [fix(ground.now_us - HOUR)]))
    batch = records(envelopes)
    for again in (batch, batch, batch[15:20]):
        assert deliver(function, again) == ""
    assert ground.outcomes() == {"accepted": 40, "quarantined dead_letter": 1}
    letters = ground.rows(
        "SELECT lane, entry_id, entry_index FROM tracker_deadletter WHERE environment_id = %s",
        ground.environment_id,
    )
    assert letters == [(LANE, batch[17].sequence, 0)]


def test_bytes_nobody_can_read_are_parked_once(ground, function):
    batch = records([b"\xc1 no envelope", *fleet(ground, 1, 3)])
    deliver(function, batch)
    deliver(function, batch)
    assert ground.outcomes() == {"accepted": 3}
    assert ground.rows("SELECT count(*)::int FROM tracker_deadletter WHERE environment_id IS NULL") == [(1,)]


def test_what_is_not_the_records_fault_names_the_first_that_must_come_again(ground, function, monkeypatch):
    monkeypatch.setattr(lambda_consume, "FIXES_A_TRANSACTION", 10)
    batch = records(fleet(ground, 4, 10))
    add, calls = Store.add_positions, []

    def failing(self, accepted, now_us):
        calls.append(len(accepted))
        if len(calls) == 3:
            raise Retriable("the disk is full")
        add(self, accepted, now_us)

    monkeypatch.setattr(Store, "add_positions", failing)
    assert deliver(function, batch) == batch[20].sequence
    assert ground.outcomes() == {"accepted": 20}
    assert deliver(function, batch[20:]) == ""
    assert ground.outcomes() == {"accepted": 40}


def test_no_transaction_is_begun_that_could_not_end_in_time(ground, function, monkeypatch):
    monkeypatch.setattr(lambda_consume, "FIXES_A_TRANSACTION", 10)
    batch = records(fleet(ground, 4, 10))
    left = iter([100.0, 10.0])
    answer = function.handle(event(batch), lambda: next(left))
    assert answer == {"batchItemFailures": [{"itemIdentifier": batch[20].sequence}]}
    assert ground.outcomes() == {"accepted": 20}


def test_a_database_that_is_away_loses_nothing(ground, client, edge_url, monkeypatch):
    function = ConsumeFunction("postgresql://127.0.0.1:1/nowhere", client)
    batch = records(fleet(ground))
    assert deliver(function, batch) == batch[0].sequence
    monkeypatch.setattr(function, "_database_url", edge_url)
    assert deliver(function, batch) == ""
    assert ground.outcomes() == {"accepted": 40}
    function.close()


def test_a_session_that_died_between_two_invocations_is_begun_again_at_once(ground, function, edge_url):
    batch = records(fleet(ground, 4, 10))
    deliver(function, batch[:10])
    with connect(edge_url) as other:
        other.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'milepost-consume' AND datname = current_database()"""
        )
    assert deliver(function, batch[10:]) == ""
    assert ground.outcomes() == {"accepted": 40}


def test_a_redis_that_is_away_costs_the_announcement_and_nothing_else(ground, edge_url):
    function = ConsumeFunction(edge_url, lambda_consume.announcer("redis://127.0.0.1:1/0"))
    assert deliver(function, records(fleet(ground))) == ""
    assert ground.outcomes() == {"accepted": 40}
    function.close()


def test_an_event_of_something_else_fails_loudly(function):
    with pytest.raises(BadEvent, match="no list"):
        function.handle({"hello": "world"}, for_ever)
    with pytest.raises(BadEvent, match="record 0"):
        function.handle({"Records": [{"eventSource": "aws:sqs"}]}, for_ever)


def test_the_handler_lambda_calls_reads_its_environment(ground, edge_url, redis_url, monkeypatch):
    monkeypatch.setattr(lambda_consume, "_instance", None)
    monkeypatch.setenv("MILEPOST_EDGE_DATABASE_URL", edge_url)
    monkeypatch.setenv("MILEPOST_REDIS_URL", redis_url)

    class Context:
        def get_remaining_time_in_millis(self):
            return 60_000

    assert handler(event(records(fleet(ground))), Context()) == {"batchItemFailures": []}
    assert ground.outcomes() == {"accepted": 40}
    with pytest.raises(config.BadSetting, match="MILEPOST_REDIS_URL"):
        function_of({"MILEPOST_EDGE_DATABASE_URL": "x"})


def test_the_sweep_drives_asked_letters_again(ground, function, client, edge_url, monkeypatch):
    with monkeypatch.context() as patched:
        poisoned(patched, "bad")
        deliver(
            function, records([ground.envelope("bad", [fix(ground.now_us - HOUR)]), *fleet(ground, 5, 5)])
        )
    assert ground.outcomes() == {"accepted": 25, "quarantined dead_letter": 1}
    ground.change("UPDATE tracker_deadletter SET redrive_asked_at = now()")
    now_us = time.time_ns() // 1000
    assert lambda_sweep.sweep(edge_url, client, for_ever, now_us=now_us) == {"stored": 1, "failed": 0}
    assert {ending: n for ending, n in ground.outcomes().items() if n} == {"accepted": 26}


# --- what IoT's rule puts on the stream ---


def message(ground, topic, payload, received_ms=None, **more):
    facts = {
        "topic": topic,
        "principal": "p",
        "received_ms": received_ms or ground.now_us // 1000,
        "trace": None,
    }
    return json.dumps(facts | {"payload": base64.b64encode(payload).decode()} | more).encode()


def certified(ground, function):
    """A device with a certificate in force; its public id."""
    deliver(function, records([ground.envelope("van-1", [fix(ground.now_us - 2 * HOUR)])]))
    [(uid, device)] = ground.rows(
        "SELECT uid, id FROM tracker_device WHERE environment_id = %s", ground.environment_id
    )
    ground.change(
        """INSERT INTO tracker_devicecertificate
            (environment_id, device_id, uid, serial, sha256, content, expires_at)
        VALUES (%s, %s, gen_random_uuid(), %s, %s, '', now() + interval '1 day')""",
        ground.environment_id,
        device,
        uuid.uuid4().hex,
        os.urandom(32),
    )
    return f"dev_{uid.hex}"


def test_a_message_of_the_iot_rule_is_stored_once_however_often_it_comes(ground, function):
    device = certified(ground, function)
    at_ms = (ground.now_us - HOUR) // 1_000_000 * 1000
    payload = json.dumps({"positions": [{"recorded_at": at_ms, "latitude": 52.3, "longitude": 4.9}]}).encode()
    owntracks = json.dumps({"_type": "location", "lat": 52.3, "lon": 4.9, "tst": at_ms // 1000 + 60}).encode()
    batch = records(
        [
            message(ground, f"devices/{device}/positions", payload),
            message(ground, f"owntracks/{device}/phone", owntracks),
            message(ground, f"owntracks/{device}/phone/cmd", b""),
            b'{"topic": "broken"',
        ]
    )
    for again in (batch, batch[:1], batch):
        assert deliver(function, again) == ""
    assert ground.outcomes() == {"accepted": 3}
    assert [at for at, *_ in ground.positions("van-1")][1:] == [at_ms * 1000, (at_ms + 60_000) * 1000]
    assert ground.rows("SELECT reason FROM tracker_deadletter WHERE environment_id IS NULL") == [
        ("unreadable",)
    ]


def test_the_same_message_makes_the_same_request_and_another_makes_another(ground):
    first = message(ground, "devices/dev_" + "0" * 32 + "/positions", b"{}", 1_795_338_000_000)
    second = message(ground, "devices/dev_" + "0" * 32 + "/positions", b"{ }", 1_795_338_000_000)
    ids = [envelopes_of(data)[0].request_id for data in (first, first, second)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0][:6] == (1_795_338_000_000).to_bytes(6, "big")
    assert uuid.UUID(bytes=ids[0]).version == 8


# --- registrations ---


def registration(ground, device, **info):
    facts = (1, ground.environment_id, ground.key_id, device, ground.now_us, uuid.uuid4().bytes, None)
    return encode(Registration(*facts, DeviceInfo(**info)))


def test_registrations_are_stored_beside_reports_and_coming_again_change_nothing(ground, function):
    batch = records(
        [
            registration(ground, "v0", name="First"),
            *fleet(ground, 2, 3),
            registration(ground, "new", model="X1"),
        ]
    )
    for again in (batch, batch[3:], batch):
        assert deliver(function, again) == ""
    assert ground.outcomes() == {"accepted": 6}
    devices = ground.rows(
        "SELECT external_id, name, model FROM tracker_device WHERE environment_id = %s ORDER BY 1",
        ground.environment_id,
    )
    assert [row[0] for row in devices] == ["new", "v0", "v1"]
    assert devices[0][2] == "X1"
    assert devices[1][1] == "First"


def test_a_registration_that_breaks_the_step_is_left_out_alone(ground, function, monkeypatch):
    def breaking(registrations, *rest):
        if any(one.device == "bad" for one in registrations):
            raise ValueError("this one breaks the step")
        return register(registrations, *rest)

    monkeypatch.setattr("ingest_lambda.lambda_consume.register", breaking)
    names = ["a", "b", "bad", "c", "d"]
    assert deliver(function, records([registration(ground, name) for name in names])) == ""
    found = ground.rows(
        "SELECT external_id FROM tracker_device WHERE environment_id = %s ORDER BY 1", ground.environment_id
    )
    assert [name for (name,) in found] == ["a", "b", "c", "d"]
