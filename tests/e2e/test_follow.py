"""One id from the phone's answer to the open map: on a running product, by the operator's command."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import redis

from tests.e2e.product import call, manage, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def customer(stack):
    return new_customer(stack, "followed")


def follow(stack, text):
    return json.loads(manage(stack, "follow", text, "--json"))


def a_position(**facts):
    at = datetime.now(UTC) - timedelta(seconds=5)
    return {"recorded_at": at.isoformat(), "latitude": 52.37, "longitude": 4.9, **facts}


def test_a_report_is_followed_from_its_answer_to_the_frame_of_an_open_map(stack, customer):
    heard = redis.Redis.from_url(stack.settings["MILEPOST_REDIS_URL"]).pubsub()
    heard.psubscribe("live:*")
    heard.get_message(timeout=5)
    trace = uuid.uuid4().hex
    answer = call(
        "POST", f"{stack.base_url}/ingest/v1/positions", customer.publishable_key,
        {"device_id": "followed", "positions": [a_position(), a_position(latitude=99)]},
        headers={"traceparent": f"00-{trace}-{'b' * 16}-01"},
    )  # fmt: skip
    assert answer.status == 202
    request_id = answer.headers["x-request-id"]
    assert answer.document["request_id"] == request_id
    assert answer.headers["traceparent"] == f"00-{trace}-{'b' * 16}-01"
    until(lambda: "stored" in titles(stack, request_id), timeout_s=30, says="it is stored")
    told = follow(stack, request_id)
    assert told["totals"] == {"accepted": 1, "quarantined bad_latitude": 1}
    assert told["trace_id"] == trace
    assert told["environment"] == customer.environment_id
    expected = ["received", "on the stream", "stored", "the marker moved", "published to the open maps"]
    assert [chapter["title"] for chapter in told["chapters"]][:5] == expected
    # the device is new, so what follows is that it came online
    until(lambda: "event device.online" in titles(stack, request_id), timeout_s=30, says="its event")
    assert told["chapters"][0]["credential"].startswith("key pk_test_")
    [again] = follow(stack, trace)
    assert again["request_id"] == request_id
    frame = until(lambda: heard.get_message(timeout=1, ignore_subscribe_messages=True), timeout_s=10)
    assert [one["request_id"] for one in json.loads(frame["data"])] == [request_id]
    heard.close()
    with psycopg.connect(stack.database_url("owner")) as connection:
        stored = connection.execute(
            "SELECT count(*) FROM tracker_position WHERE request_id = %s", [request_id[4:]]
        ).fetchone()
    assert stored == (1,)
    [aside] = customer.get("quarantine")["data"]
    assert aside["request_id"] == request_id


def titles(stack, text):
    try:
        return [chapter["title"] for chapter in follow(stack, text)["chapters"]]
    except AssertionError:
        return []


def test_without_a_trace_the_door_makes_one_whose_id_is_the_requests(stack, customer):
    answer = call(
        "POST", f"{stack.base_url}/ingest/v1/positions", customer.publishable_key,
        {"device_id": "traceless", "positions": [a_position()]},
    )  # fmt: skip
    digits = answer.headers["x-request-id"].removeprefix("req_")
    assert answer.headers["traceparent"].split("-")[1] == digits
    until(lambda: "stored" in titles(stack, digits), timeout_s=30, says="its trace id finds it")


def test_what_is_refused_at_the_door_is_found_in_the_log(stack, customer):
    answer = call("POST", f"{stack.base_url}/ingest/v1/positions", customer.publishable_key + "x", {})
    assert answer.status == 401
    told = until(lambda: titles(stack, answer.headers["x-request-id"]), timeout_s=30, says="it is in the log")
    assert told == ["log: refused"]


def test_no_line_of_any_log_holds_a_key(stack, customer):
    """Nor the path of an app's address, in which the key stands."""
    call("POST", f"{stack.base_url}/ingest/{customer.publishable_key}", "", {"what": "is this"})
    call("GET", f"{stack.base_url}/ingest/{customer.publishable_key}?id=x", "")
    for state in stack.states():
        text = "\n".join(stack.tail(state.name, 2000))
        assert customer.publishable_key not in text, state.name
        assert customer.secret_key not in text, state.name


def test_a_dead_letter_is_redriven_by_the_operators_command(stack, customer):
    """A letter made by hand: the product has no step that breaks."""
    answer = customer.post("lettered", [a_position()])
    request_id = answer.document["request_id"]
    until(lambda: "stored" in titles(stack, request_id), timeout_s=30, says="it is stored")
    with psycopg.connect(stack.database_url("owner"), autocommit=True) as connection:
        _as_if_it_had_failed(connection, stack, request_id)
    assert follow(stack, request_id)["totals"] == {"quarantined dead_letter": 1}
    told = manage(stack, "redrive", "--id", request_id)
    assert "1 redriven (1 reports), 0 not." in told
    story = follow(stack, request_id)
    assert story["totals"] == {"accepted": 1}
    assert {"parked in the dead letters", "redrive asked for", "redriven"} <= {
        chapter["title"] for chapter in story["chapters"]
    }
    counts = customer.outcomes(datetime.now(UTC) - timedelta(minutes=10))
    assert counts["quarantined"].get("dead_letter", 0) == 0


def _as_if_it_had_failed(connection, stack, request_id):
    """Take the report's traces back out, and lay its record among the dead letters."""
    client: Any = redis.Redis.from_url(stack.settings["MILEPOST_REDIS_URL"])
    uid = bytes.fromhex(request_id[4:])
    [(lane, entry, data)] = [
        (lane.decode(), entry.decode(), data)
        for lane in client.scan_iter("loc:*", _type="stream")
        for entry, fields in client.xrange(lane)
        for data in fields.values()
        if uid in data
    ]
    with connection.transaction():
        connection.execute("SELECT set_config('milepost.unscoped', 'test', true)")
        environment, device, received_at = connection.execute(
            "DELETE FROM tracker_position WHERE request_id = %s RETURNING environment_id, device_id, received_at",
            [request_id[4:]],
        ).fetchone()
        connection.execute("DELETE FROM tracker_devicestate WHERE device_id = %s", [device])
        connection.execute(
            """UPDATE tracker_outcomecount SET outcome = 'quarantined', reason = 'dead_letter'
            WHERE environment_id = %s AND second = date_trunc('second', %s::timestamptz) AND outcome = 'accepted'""",
            [environment, received_at],
        )
        connection.execute(
            """INSERT INTO tracker_deadletter (environment_id, lane, entry_id, entry_index, reason, error, payload,
                request_id, received_at, fixes)
            VALUES (%s, %s, %s, 0, 'judge_batch: ValueError', 'ValueError: made by hand', %s, %s, %s, 1)""",
            [environment, lane, entry, data, request_id[4:], received_at],
        )
