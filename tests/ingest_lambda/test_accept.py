"""The door: who may come in, what is turned away and with which document, and what travels on."""

import gzip
import json
import re
import uuid
from base64 import b64encode

import pytest

from ingest_lambda.correlation import new_request_id, valid_traceparent
from ingest_lambda.report import decode, encode
from tests.ingest_lambda.door import (
    BEARER,
    ENVIRONMENT_ID,
    FIX,
    KEY_ID,
    NOW_US,
    PUBLISHABLE,
    SECRET_KEY,
    Door,
    problem,
)

GOOD = {"device_id": "van-1", "positions": [FIX]}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def door():
    return Door()


def basic(user):
    return {"authorization": "Basic " + b64encode(user.encode()).decode()}


async def test_a_good_post_is_answered_with_its_request_id_and_count(door):
    reply = await door.post({"device_id": "van-1", "positions": [FIX, FIX, FIX]})
    answer = json.loads(reply.body)
    assert reply.status == 202
    assert answer == {"request_id": dict(reply.headers)["x-request-id"], "received": 3}
    assert re.fullmatch(r"req_[0-9a-f]{32}", answer["request_id"])


async def test_what_travels_on_names_key_environment_device_and_both_clocks(door):
    reply = await door.post(GOOD)
    [envelope] = door.stream.envelopes
    assert (envelope.environment_id, envelope.key_id, envelope.device) == (ENVIRONMENT_ID, KEY_ID, "van-1")
    assert envelope.received_at_us == NOW_US
    assert envelope.positions[0].recorded_at_us == 1_795_338_000_000_000
    assert "req_" + envelope.request_id.hex() == json.loads(reply.body)["request_id"]
    assert envelope.channel == "http"
    assert decode(encode(envelope)) == envelope


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {PUBLISHABLE}"},
        {"authorization": f"bearer   {PUBLISHABLE} "},
        basic(f"{PUBLISHABLE}:"),
        basic(f"{PUBLISHABLE}:anything"),
        basic(PUBLISHABLE),
    ],
)
async def test_the_key_comes_as_bearer_or_as_the_user_name_of_basic(door, headers):
    assert (await door.post(GOOD, headers=headers)).status == 202


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_key"),
        ({"authorization": ""}, "missing_key"),
        ({"authorization": "Bearer"}, "invalid_key"),
        ({"authorization": "Bearer pk_live_wrong"}, "invalid_key"),
        ({"authorization": f"Bearer {PUBLISHABLE[:-1]}-"}, "invalid_key"),
        ({"authorization": f"Digest {PUBLISHABLE}"}, "invalid_key"),
        ({"authorization": PUBLISHABLE}, "invalid_key"),
        ({"authorization": "Basic ***"}, "invalid_key"),
        ({"authorization": "Basic /////w=="}, "invalid_key"),
        ({"authorization": "Basic é"}, "invalid_key"),
        ({"authorization": "Bearer " + "x" * 100_000}, "invalid_key"),
        ({"authorization": "Bearer \ud800"}, "invalid_key"),
        (basic(":" + PUBLISHABLE), "invalid_key"),
        ({"authorization": f"Bearer {SECRET_KEY}"}, "wrong_key_kind"),
        (basic(SECRET_KEY), "wrong_key_kind"),
    ],
)
async def test_without_a_publishable_key_nobody_comes_in(door, headers, code):
    reply = await door.post(GOOD, headers=headers)
    assert reply.status == 401
    assert problem(reply)["code"] == code
    assert dict(reply.headers)["www-authenticate"].startswith("Bearer")
    assert door.stream.envelopes == []


async def test_a_secret_key_is_told_to_stay_on_the_server(door):
    reply = await door.post(GOOD, headers={"authorization": f"Bearer {SECRET_KEY}"})
    assert "publishable key" in problem(reply)["detail"]


async def test_a_revoked_key_ends_even_after_it_was_remembered(door):
    assert (await door.post(GOOD)).status == 202
    door.revoked.add(KEY_ID)
    reply = await door.post(GOOD)
    assert (reply.status, problem(reply)["code"]) == (401, "key_revoked")
    door.revoked.clear()
    assert (await door.post(GOOD)).status == 202


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b'{"device_id":"a","positions":[NaN]}', "invalid_json", None),
        (b"\xff\xfe{\x00}\x00", "invalid_json", None),
        ([], "invalid_body", None),
        (None, "invalid_body", None),
        (5, "invalid_body", None),
        ({}, "missing_field", "/device_id"),
        ({"device_id": "a"}, "missing_field", "/positions"),
        ({"device_id": None, "positions": [FIX]}, "missing_field", "/device_id"),
        ({"device_id": "", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": " \t", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "x" * 201, "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "a\nb", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "a\x00b", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "a\x85b", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "\ud800", "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": True, "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": ["a"], "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": 10**300, "positions": [FIX]}, "invalid_field", "/device_id"),
        ({"device_id": "a", "positions": []}, "no_positions", "/positions"),
        ({"device_id": "a", "positions": {}}, "invalid_field", "/positions"),
        ({"device_id": "a", "positions": "x"}, "invalid_field", "/positions"),
        ({"device_id": "a", "positions": [FIX] * 1001}, "too_many_positions", "/positions"),
    ],
)
async def test_a_wrong_shape_is_a_problem_that_names_the_field(door, body, code, param):
    reply = await door.post(body)
    document = problem(reply)
    assert (reply.status, document["code"], document.get("param")) == (400, code, param)
    assert door.stream.envelopes == []


async def test_the_whole_document_of_a_refusal_is_as_agreed(door):
    reply = await door.post({"device_id": "a"})
    assert json.loads(reply.body) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "positions is missing.",
        "code": "missing_field",
        "param": "/positions",
        "request_id": dict(reply.headers)["x-request-id"],
    }


async def test_broken_json_is_told_where_it_breaks(door):
    reply = await door.post(b'{"device_id": "a",\n "positions": [}')
    assert "line 2, column 16" in problem(reply)["detail"]


async def test_a_thousand_positions_are_taken(door):
    assert (
        json.loads((await door.post({"device_id": "a", "positions": [FIX] * 1000})).body)["received"] == 1000
    )


async def test_a_body_over_the_limit_is_413(door):
    reply = await door.post(b" " * (1024 * 1024 + 1))
    assert (reply.status, problem(reply)["code"]) == (413, "body_too_large")


async def test_a_body_of_exactly_the_limit_is_read(door):
    body = json.dumps(GOOD).encode()
    assert (await door.post(body + b" " * (1024 * 1024 - len(body)))).status == 202


async def test_a_gzip_body_is_unpacked(door):
    headers = BEARER | {"content-encoding": "gzip"}
    assert (await door.post(gzip.compress(json.dumps(GOOD).encode()), headers=headers)).status == 202


@pytest.mark.parametrize(
    ("encoding", "body", "status", "code"),
    [
        ("gzip", gzip.compress(b" " * 50_000_000, mtime=0), 413, "body_too_large"),
        ("gzip", b"no gzip", 400, "invalid_encoding"),
        ("gzip", gzip.compress(b"{}" * 1000, mtime=0)[:-9], 400, "invalid_encoding"),
        ("br", b"{}", 400, "unsupported_encoding"),
    ],
    ids=["a bomb", "not gzip", "cut short", "another encoding"],
)
async def test_a_packed_body_never_grows_over_the_limit_and_is_never_guessed(
    door, encoding, body, status, code
):
    reply = await door.post(body, headers=BEARER | {"content-encoding": encoding})
    document = problem(reply)
    assert (reply.status, document["code"]) == (status, code)


@pytest.mark.parametrize(
    "path",
    ["/ingest/v1/position", "/ingestion", "/", "/ingest/v1", "/ingest/v1/positions/1", "/ingest/v1/devices"],
)
async def test_another_address_is_404(door, path):
    reply = await door.post(GOOD, path=path)
    assert (reply.status, problem(reply)["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
async def test_another_method_is_405_and_told_the_right_one(door, method):
    reply = await door.post(b"", method=method)
    assert (reply.status, problem(reply)["code"]) == (405, "method_not_allowed")
    assert dict(reply.headers)["allow"] == "POST, OPTIONS"


async def test_a_browser_may_ask_first_and_then_post(door):
    asked = await door.post(b"", method="OPTIONS", headers={"origin": "https://app.example"})
    headers = dict(asked.headers)
    assert (asked.status, asked.body) == (204, b"")
    assert headers["access-control-allow-origin"] == "*"
    assert "Authorization" in headers["access-control-allow-headers"]
    assert "POST" in headers["access-control-allow-methods"]
    for reply in (await door.post(GOOD), await door.post(b"")):
        assert dict(reply.headers)["access-control-allow-origin"] == "*"
        assert "X-Request-Id" in dict(reply.headers)["access-control-expose-headers"]


async def test_a_stream_that_is_away_is_503_with_retry_after(door):
    door.stream.away = True
    reply = await door.post(GOOD)
    assert (reply.status, problem(reply)["code"]) == (503, "stream_unavailable")
    assert int(dict(reply.headers)["retry-after"]) > 0


async def test_the_callers_trace_travels_along_and_where_there_is_none_one_is_made_of_the_request_id(door):
    await door.post(GOOD, headers=BEARER | {"traceparent": TRACEPARENT})
    await door.post(GOOD, headers=BEARER | {"traceparent": "no trace"})
    theirs, ours = door.stream.envelopes
    assert theirs.traceparent == TRACEPARENT
    assert ours.traceparent == valid_traceparent(ours.traceparent)
    assert ours.traceparent.split("-")[1] == ours.request_id.hex()


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        TRACEPARENT.upper(),
        TRACEPARENT[:-1],
        "ff" + TRACEPARENT[2:],
        TRACEPARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        TRACEPARENT.replace("b7ad6b7169203331", "0" * 16),
    ],
)
def test_a_trace_that_is_none_by_the_standard_is_dropped(value):
    assert valid_traceparent(value) is None


def test_request_ids_are_uuids_of_version_7_that_sort_by_time():
    first, second = new_request_id(NOW_US), new_request_id(NOW_US + 1000)
    assert uuid.UUID(bytes=first).version == 7
    assert uuid.UUID(bytes=first).variant == uuid.RFC_4122
    assert first < second
