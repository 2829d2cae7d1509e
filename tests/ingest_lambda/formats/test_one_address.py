"""The one address: credentials, the device in the path, explain, and what is said of what nobody knows."""

import json
from base64 import b64encode

import msgspec
import pytest

from ingest_lambda.accept import accept
from ingest_lambda.addresses import find, shown
from ingest_lambda.exchange import Request
from ingest_lambda.feed import Feed
from ingest_lambda.limits import Allowance, NoLimits
from tests.ingest_lambda.door import (
    BEARER,
    ENVIRONMENT_ID,
    FIX,
    KEY_ID,
    PUBLISHABLE,
    SECRET_KEY,
    Door,
    problem,
)
from tests.ingest_lambda.formats.apps import NOON, NOON_S, App

QUERY = f"id=77&lat=18.5308&lon=73.8475&timestamp={NOON_S}&speed=10"
NATIVE = {"device_id": "van-1", "positions": [FIX]}
OWNTRACKS = {"_type": "location", "lat": 1.5, "lon": 2.5, "tst": NOON_S, "tid": "P1", "acc": 15, "vel": 36}


async def ask(path, *, door=None, method="POST", headers=None, query=QUERY, body=b""):
    door = door or Door()
    reply = await accept(Request(method, path, headers or {}, query, body), door.porch)
    return reply, door.stream.envelopes


def basic(user, password="anything"):
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/ingest/{PUBLISHABLE}", {}),
        (f"/ingest/{PUBLISHABLE}/", {}),
        (f"/ingest/{PUBLISHABLE}", {"authorization": "Bearer of somebody else"}),
        ("/ingest", BEARER),
        ("/ingest/", BEARER),
        ("/ingest", basic(PUBLISHABLE)),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_key_comes_in_the_path_or_in_a_header(path, headers, method):
    reply, [envelope] = await ask(path, headers=headers, method=method)
    assert reply.status == 200
    assert (envelope.environment_id, envelope.key_id, envelope.device) == (ENVIRONMENT_ID, KEY_ID, "77")


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/ingest", {}, "missing_key"),
        ("/ingest/explain", {}, "missing_key"),
        ("/ingest/pk_live_wrong", {}, "invalid_key"),
        ("/ingest/pk_live_wrong", BEARER, "invalid_key"),
        (f"/ingest/{PUBLISHABLE[:-1]}", {}, "invalid_key"),
        (f"/ingest/{PUBLISHABLE}%00", {}, "invalid_key"),
        ("/ingest/van-1", BEARER, "invalid_key"),
        (f"/ingest/{SECRET_KEY}", {}, "wrong_key_kind"),
        (f"/ingest/{SECRET_KEY}/explain", {}, "wrong_key_kind"),
    ],
)
async def test_a_wrong_key_is_401_with_nothing_stored_and_is_not_repeated(path, headers, code):
    reply, envelopes = await ask(path, headers=headers)
    assert (reply.status, problem(reply)["code"], envelopes) == (401, code, [])
    assert PUBLISHABLE[:-1] not in reply.body.decode()
    assert SECRET_KEY not in reply.body.decode()


async def test_a_revoked_key_in_a_path_ends_at_once():
    door = Door()
    assert (await ask(f"/ingest/{PUBLISHABLE}", door=door))[0].status == 200
    door.revoked.add(KEY_ID)
    assert (await ask(f"/ingest/{PUBLISHABLE}", door=door))[0].status == 401


@pytest.mark.parametrize(
    ("rest", "device"),
    [
        ("/van-7", "van-7"),
        ("/van-7/", "van-7"),
        ("/van-7/gprmc/Data", "van-7"),
        ("/My%20Phone", "My Phone"),
        ("/a+b", "a+b"),
        ("/d%C3%BCse", "düse"),
        ("/gprmc/Data", "77"),
        ("/input", "77"),
        ("/pub", "77"),
        ("//", "77"),
    ],
)
async def test_a_device_in_the_path_is_the_device_of_the_whole_request(rest, device):
    _, [envelope] = await ask(f"/ingest/{PUBLISHABLE}{rest}")
    assert envelope.device == device


@pytest.mark.parametrize(
    "body",
    [
        NATIVE,
        OWNTRACKS,
        {"locations": [{"geometry": {"coordinates": [1, 2]}, "properties": {"timestamp": NOON}}]},
    ],
)
async def test_it_is_so_in_every_form(body):
    _, [envelope] = await App(body=body, path="/van-7").reports()
    assert (envelope.device, len(envelope.positions)) == ("van-7", 1)


async def test_a_device_in_the_path_that_is_no_device_id_is_nobody():
    reasons, reply = await App(query=QUERY, path="/" + "9" * 201).refused()
    assert (reasons, reply.status) == (["bad_device_id"], 400)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
async def test_other_methods_are_405_and_told_the_right_ones(method):
    reply, _ = await ask(f"/ingest/{PUBLISHABLE}", method=method)
    assert (reply.status, dict(reply.headers)["allow"]) == (405, "GET, POST, OPTIONS")


async def test_our_own_json_is_taken_here_too_and_answered_as_ever():
    reply, [envelope] = await App(body=NATIVE).reports()
    answer = json.loads(reply.body)
    assert (reply.status, answer["received"]) == (202, 1)
    assert answer["request_id"] == dict(reply.headers)["x-request-id"]
    assert (envelope.format, envelope.speed_unit) == ("native", "")


async def test_browsers_may_read_every_answer_and_traces_go_along():
    for app in (App(query=QUERY), App(body=OWNTRACKS), App(body=b"[]")):
        reply, envelopes = await app.reports()
        assert dict(reply.headers)["access-control-allow-origin"] == "*"
        if reply.status == 200:
            assert dict(reply.headers)["traceparent"] == envelopes[0].traceparent


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (App(method="GET"), "no report came with the request"),
        (App(), "no report came with the request"),
        (App(body=b"[]"), "no app known here"),
        (App(body=b"{}"), "no app known here"),
        (App(body={"hello": "world"}), "no app known here"),
        (App(body=b'{"_type":"location",'), "not valid JSON at line 1"),
        (App(body=b"\x00\x01\x02"), "no app known here"),
        (App(query="a=" + "1&a=" * 600), "over 500 parameters"),
        (App(body=b"not gzip", headers={"Content-Encoding": "gzip"}), "not valid gzip"),
        (App(body={"device_id": "a", "positions": {}}), "positions must be a list"),
    ],
)
async def test_a_request_of_no_known_form_is_400_with_a_sentence_that_helps_and_shows_in_the_console(
    app, words
):
    reply, [envelope] = await app.reports()
    assert (reply.status, envelope.device, envelope.positions) == (400, "", [])
    assert words in problem(reply)["detail"]
    [refused] = envelope.refused
    assert refused.reason == "unrecognised"
    assert len(refused.raw) <= 2048


async def test_no_key_is_shown_in_what_was_set_aside():
    _, [envelope] = await App(body={"topic": f"owntracks/{PUBLISHABLE}/x", "hello": PUBLISHABLE}).reports()
    assert PUBLISHABLE not in envelope.refused[0].raw


async def test_explain_tells_form_device_positions_verdicts_and_answer():
    told = await App(body=OWNTRACKS).explained()
    reply = told.pop("reply")
    assert told == {
        "format": "owntracks",
        "device_id": "P1",
        "positions": [
            {
                "recorded_at": NOON, "longitude": 2.5, "latitude": 1.5, "accuracy_m": 15.0, "altitude_m": None,
                "speed_mps": 10.0, "heading_deg": None, "battery": None, "charging": None, "activity": None,
                "permissions": None, "extra": {"tid": "P1"},
            }
        ],
        "verdicts": [{"outcome": "accepted", "reason": None, "detail": None}],
    }  # fmt: skip
    assert (reply["status"], reply["body"], reply["headers"]["content-type"]) == (
        200,
        "[]",
        "application/json",
    )


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        ({"acc": 50}, "accepted", None),
        ({"acc": 50.1}, "filtered", "poor_accuracy"),
        ({"tst": NOON_S + 400}, "filtered", "clock_ahead"),
        ({"lat": 0, "lon": 0}, "filtered", "zero_island"),
        ({"lat": 95}, "quarantined", "bad_latitude"),
    ],
)
async def test_explain_judges_each_fix_alone(change, outcome, reason):
    told = await App(body=OWNTRACKS | change).explained()
    [verdict] = told["verdicts"]
    assert (verdict["outcome"], verdict["reason"]) == (outcome, reason)
    assert reason is None or verdict["detail"]


async def test_explain_says_what_is_wrong_with_a_request_of_no_known_form():
    told = await App(body=b"[]").explained()
    assert (told["format"], told["device_id"], told["positions"]) == (None, None, [])
    assert [verdict["reason"] for verdict in told["verdicts"]] == ["unrecognised"]
    assert told["reply"]["status"] == 400


def feed(**environment):
    known = Feed()
    facts = {
        "tenant": 1, "accuracy_bound_m": 50.0, "speed_bound_mps": 100.0, "retention_days": 90,
        "reports_per_second": 1000, "key_reports_per_second": 1000, "registrations_per_second": 100,
    }  # fmt: skip
    document = {
        "version": "1", "made_at": 0.0, "revoked_keys": [], "tenants": {},
        "environments": {str(ENVIRONMENT_ID): facts | environment},
    }  # fmt: skip
    known.learn(json.dumps(document).encode())
    return known


async def test_explain_knows_the_environments_bounds_and_the_devices_own_unit_of_speed():
    door = Door()
    door.porch = msgspec.structs.replace(
        door.porch, feed=feed(accuracy_bound_m=10.0, speed_units={"P1": "mps", "77": "mps"})
    )
    told = await App(body=OWNTRACKS).explained(door)
    assert told["verdicts"][0]["reason"] == "poor_accuracy"
    assert told["positions"][0]["speed_mps"] == pytest.approx(36)
    assert (await App(query=QUERY).explained(door))["positions"][0]["speed_mps"] == pytest.approx(10)


async def test_explain_of_a_header_credential_and_of_a_device_in_the_path():
    reply, envelopes = await ask("/ingest/explain", headers=BEARER)
    assert (json.loads(reply.body)["device_id"], envelopes) == ("77", [])
    assert (await App(query=QUERY, path="/van-7").explained())["device_id"] == "van-7"


async def test_a_device_may_be_named_like_the_word_explain_only_if_more_follows():
    assert find(f"/ingest/{PUBLISHABLE}/explain/explain").device == "explain"


async def test_a_stream_that_is_away_is_503_and_the_app_sends_again():
    door = Door()
    door.stream.away = True
    reply, _ = await App(body=OWNTRACKS).reports(door)
    assert reply.status == 503
    door.stream.away = False
    reply, [envelope] = await App(body=OWNTRACKS).reports(door)
    assert (reply.status, envelope.count) == (200, 1)


class Counting(NoLimits):
    def __init__(self, granted):
        self.taken, self.granted = [], granted

    def take(self, key, reports, now_us):
        self.taken.append(reports)
        return Allowance(self.granted, 7, (("ratelimit", '"key";r=0;t=7'),))

    def charge(self, key, reports):
        self.taken.append(reports)
        return (("ratelimit", '"key";r=9;t=1'),)


@pytest.mark.parametrize(
    ("app", "taken"),
    [
        (App(query=QUERY), [1, 0]),
        (App(body={"device_id": "a", "positions": [FIX] * 5}), [1, 4]),
        (App(body={"_type": "lwt"}), [1, 0]),
        (App(body=b"[]"), [1, 0]),
    ],
)
async def test_every_fix_counts_against_the_quota_and_a_request_without_any_counts_one(app, taken):
    door = Door()
    limits = Counting(True)
    door.porch = msgspec.structs.replace(door.porch, limits=limits)
    reply, _ = await app.reports(door)
    assert limits.taken == taken
    assert dict(reply.headers)["ratelimit"] == '"key";r=9;t=1'


async def test_over_quota_nothing_is_read_and_the_app_is_told_when_to_come_back():
    door = Door()
    door.porch = msgspec.structs.replace(door.porch, limits=Counting(False))
    reply, envelopes = await App(body=OWNTRACKS).reports(door)
    assert (reply.status, problem(reply)["code"], envelopes) == (429, "over_quota", [])
    assert (dict(reply.headers)["retry-after"], dict(reply.headers)["ratelimit"]) == ("7", '"key";r=0;t=7')


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/ingest/v1/positions", "/ingest/v1/positions"),
        ("/ingest", "/ingest"),
        ("/ingest/explain", "/ingest/explain"),
        (f"/ingest/{PUBLISHABLE}", "/ingest/..."),
        (f"/ingest/{PUBLISHABLE}/van-1/explain", "/ingest/.../van-1/explain"),
        ("/ingest/pk%5Flive_mistyped", "/ingest/..."),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_a_log_line_leaves_out_what_stands_where_a_key_belongs(path, line):
    assert shown(path) == line
