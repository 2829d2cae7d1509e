"""The HTTP edge as a function: events of payload 2.0 in, answers out, the stream behind it, and what it imports."""

import base64
import gzip
import json
import os
import subprocess
import sys
import uuid

import pytest

from bench.cold_start import PACKAGES, foreign, kinesis, once, packed
from ingest_lambda import config, lambda_http, report
from ingest_lambda.exchange import Reply
from ingest_lambda.feed import BadFeed
from ingest_lambda.feed_s3 import S3Feed
from ingest_lambda.lambda_http import HttpFunction, answer_of, request_of
from tests.ingest_lambda import kinesis_fake, moto_process
from tests.ingest_lambda.door import BEARER, ENVIRONMENT_ID, FIX, KEY_ID, PUBLISHABLE, SECRET, problem
from tests.ingest_lambda.kinesis_fake import FakeServer, KinesisFake
from tests.ingest_lambda.redis_process import wait_until

POSITIONS = "/ingest/v1/positions"


@pytest.fixture
def server():
    server = FakeServer(KinesisFake(shards=2))
    yield server
    server.close()


@pytest.fixture
def environ(server):
    return {
        **kinesis_fake.ENVIRON,
        "MILEPOST_KEY_SIGNING_SECRETS": SECRET.decode(),
        "MILEPOST_STREAM_URL": server.url,
        "MILEPOST_ENV_FILE": "/nonexistent",
    }


@pytest.fixture
def function(environ):
    return HttpFunction(environ)


def event(body="", *, path=POSITIONS, method="POST", headers=BEARER, query="", stage="$default", **more):
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"stage": stage, "http": {"method": method, "path": path, "sourceIp": "192.0.2.7"}},
        "body": body,
        "isBase64Encoded": False,
    } | more


def post(device="van-1", fix=FIX):
    return json.dumps({"device_id": device, "positions": [fix]})


def stored(server):
    return [report.decode(data) for data in server.fake.data()]


def as_reply(answer):
    return Reply(answer["statusCode"], list(answer["headers"].items()), answer["body"].encode())


def test_a_post_is_on_the_stream_when_it_is_answered(function, server):
    answer = function.handle(event(post()))
    assert answer["statusCode"] == 202
    assert answer["isBase64Encoded"] is False
    [envelope] = stored(server)
    assert json.loads(answer["body"])["request_id"] == report.request_id_text(envelope.request_id)
    assert answer["headers"]["x-request-id"] == report.request_id_text(envelope.request_id)
    assert (envelope.environment_id, envelope.key_id, envelope.device) == (ENVIRONMENT_ID, KEY_ID, "van-1")
    [record] = [record for shard in server.fake.shards for record in shard.records]
    assert record["key"] == f"{ENVIRONMENT_ID}:van-1"


@pytest.mark.parametrize(
    ("stage", "path", "expected"),
    [
        ("$default", POSITIONS, POSITIONS),
        ("prod", f"/prod{POSITIONS}", POSITIONS),
        ("prod", POSITIONS, POSITIONS),
        ("prod", "/prod", "/"),
        ("prod", "/production/x", "/production/x"),
    ],
)
def test_the_stage_in_the_path_is_none_of_ours(stage, path, expected):
    assert request_of(event(stage=stage, path=path)).path == expected


def test_a_request_is_taken_as_the_gateway_tells_it():
    headers = {"X-Forwarded-For": "198.51.100.1", "Authorization": "x"}
    more = {"body": base64.b64encode(b"\xff\0").decode(), "isBase64Encoded": True, "cookies": ["a=b"]}
    request = request_of(event(query="id=1&lat=%20", method="GET", headers=headers, **more))
    assert request.client_ip == "192.0.2.7"
    assert (request.method, request.query, request.body) == ("GET", "id=1&lat=%20", b"\xff\0")
    assert request.headers.get("authorization") == "x"
    assert request.headers.get("cookie") is None
    bare = request_of({"rawPath": "/x", "requestContext": {"http": {"method": "GET"}}})
    assert (bare.body, bare.query, bare.client_ip) == (b"", "", "")


@pytest.mark.parametrize(
    "wrong", [{}, {"requestContext": {}}, {"Records": []}, {"httpMethod": "GET", "path": "/"}]
)
def test_an_event_of_another_kind_fails_loudly(wrong, function):
    with pytest.raises(ValueError, match="payload format"):
        function.handle(wrong)


def test_an_answer_is_text_where_it_can_be_and_base64_where_it_cannot():
    twice = Reply(200, [("vary", "a"), ("vary", "b")], "ä".encode())
    assert answer_of(twice) == {
        "statusCode": 200,
        "headers": {"vary": "a, b"},
        "body": "ä",
        "isBase64Encoded": False,
    }
    assert answer_of(Reply(200, [], b"\xff")) == {
        "statusCode": 200,
        "headers": {},
        "body": "/w==",
        "isBase64Encoded": True,
    }


def test_a_gzip_body_in_base64_is_read(function, server):
    body = base64.b64encode(gzip.compress(post().encode())).decode()
    headers = {**BEARER, "content-encoding": "gzip"}
    assert function.handle(event(body, headers=headers, isBase64Encoded=True))["statusCode"] == 202
    assert len(stored(server)) == 1


def test_an_app_with_its_key_in_the_path_gets_its_own_answer(function, server):
    query = "id=van-9&lat=52.37&lon=4.9&timestamp=1795338000"
    answer = function.handle(event(path=f"/ingest/{PUBLISHABLE}", query=query, method="GET", headers={}))
    assert answer["statusCode"] == 200
    assert stored(server)[0].device == "van-9"


def test_a_registration_goes_its_own_way_and_a_repeat_costs_nothing(function, server):
    body = json.dumps({"device_id": "van-1", "model": "X1"})
    first = function.handle(event(body, path="/ingest/v1/devices"))
    again = function.handle(event(body, path="/ingest/v1/devices"))
    assert (first["statusCode"], again["statusCode"]) == (202, 200)
    [data] = server.fake.data()
    assert report.decode_registration(data).info.model == "X1"


def test_registrations_have_a_stream_of_their_own_where_one_is_named(environ, server):
    other = FakeServer(KinesisFake("registrations"))
    function = HttpFunction(environ | {"MILEPOST_REGISTRATION_STREAM_URL": other.url})
    function.handle(event(json.dumps({"device_id": "van-1", "model": "X1"}), path="/ingest/v1/devices"))
    function.handle(event(post()))
    assert (len(other.fake.data()), len(server.fake.data())) == (1, 1)
    other.close()


def test_refusals_are_problem_documents(function):
    assert problem(as_reply(function.handle(event(post(), headers={}))))["code"] == "missing_key"
    assert function.handle(event(post(), path="/elsewhere"))["statusCode"] == 404
    too_large = function.handle(event("x" * (config.MAX_BODY_BYTES + 1)))
    assert too_large["statusCode"] == 413


def test_explaining_stores_nothing(function, server):
    answer = function.handle(event(post(), path=f"/ingest/{PUBLISHABLE}/explain", headers={}))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["device_id"] == "van-1"
    assert server.fake.calls == []


def test_a_stream_that_is_away_is_said_so_that_the_phone_comes_back(environ, server, monkeypatch):
    monkeypatch.setattr("ingest_lambda.stream.kinesis_put.PATIENCE_S", 0.2)
    server.fake.faults.append("refuse ResourceNotFoundException")
    answer = HttpFunction(environ).handle(event(post()))
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0


def test_a_connection_that_died_while_the_function_slept_costs_nobody_an_answer(function, server):
    assert function.handle(event(post()))["statusCode"] == 202
    server.fake.faults.append("cut_before")
    assert function.handle(event(post("van-2")))["statusCode"] == 202
    assert len(stored(server)) == 2


def test_a_mistake_of_ours_is_a_500_and_the_next_request_is_answered(function, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("ingest_lambda.accept.enclose_all", lambda *a: 1 / 0)
        assert problem(as_reply(function.handle(event(post()))))["code"] == "internal_error"
    assert function.handle(event(post()))["statusCode"] == 202


def test_a_warm_up_is_answered_at_once(function, server):
    assert function.handle({"warm": True}) == {"warm": True}
    assert server.fake.calls == []


def test_the_handler_lambda_calls_keeps_its_instance(environ, server, monkeypatch):
    monkeypatch.setattr(lambda_http, "_instance", None)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert lambda_http.handler(event(post()), None)["statusCode"] == 202
    kept = lambda_http._instance
    assert lambda_http.handler(event(post("van-2")), None)["statusCode"] == 202
    assert lambda_http._instance is kept


@pytest.mark.parametrize("url", ["", "redis", "kinesis://nowhere"])
def test_a_function_without_a_stream_does_not_start(environ, url):
    with pytest.raises((config.BadSetting, ValueError), match="kinesis://REGION"):
        HttpFunction(environ | {"MILEPOST_STREAM_URL": url})


# --- what it imports ---


def test_a_start_imports_nothing_but_msgspec_and_no_event_loop(tmp_path):
    """Under the interpreter's own library alone: what else it needed would be missing, here as on Lambda."""
    with kinesis(tmp_path) as environ:
        _, _, modules = once(packed(tmp_path / "package"), environ)
    assert foreign(modules) == PACKAGES
    assert not {"asyncio", "dataclasses", "inspect", "email", "pathlib", "random", "concurrent"} & set(
        modules
    )


def test_the_functions_of_the_database_need_no_package_of_the_web(tmp_path):
    code = "import sys, ingest_lambda.lambda_consume, ingest_lambda.lambda_sweep; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"msgspec", "psycopg", "redis"} <= found
    assert not {"django", "boto3", "aiomqtt", "uvloop", "shapely", "numpy"} & found


# --- the feed from S3 ---


def feed(version="v1", revoked=()):
    facts = {
        "version": version,
        "made_at": 1.0,
        "revoked_keys": list(revoked),
        "tenants": {},
        "environments": {},
    }
    return json.dumps(facts).encode()


@pytest.fixture
def bucket(moto_process):
    name = f"feed-{uuid.uuid4().hex[:12]}"
    client = moto_process.client("s3")
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client, name


REGION = moto_process.REGION


@pytest.fixture
def feed_url(bucket, moto_process):
    return f"s3://{bucket[1]}/edge/feed.json?endpoint={moto_process.endpoint}&region={REGION}"


def test_the_feed_is_read_from_s3_and_again_only_when_it_is_another(bucket, feed_url):
    client, name = bucket
    known = S3Feed(feed_url, environ=moto_process.ENVIRON)
    client.put_object(Bucket=name, Key="edge/feed.json", Body=feed(revoked=[7]))
    assert known.look() is True
    assert 7 in known.revoked
    assert known.look() is False
    client.put_object(Bucket=name, Key="edge/feed.json", Body=feed("v2", [8]))
    assert known.look() is True
    assert (known.version, 7 in known.revoked, 8 in known.revoked) == ("v2", False, True)


def test_a_feed_that_cannot_be_read_leaves_what_is_known(bucket, feed_url, caplog):
    client, name = bucket
    client.put_object(Bucket=name, Key="edge/feed.json", Body=feed(revoked=[7]))
    now = [100.0]
    known = S3Feed(feed_url, environ=moto_process.ENVIRON, clock=lambda: now[0])
    known.look()
    client.put_object(Bucket=name, Key="edge/feed.json", Body=b"no feed")
    with pytest.raises(BadFeed):
        known.look()
    client.delete_object(Bucket=name, Key="edge/feed.json")
    for _ in range(3):
        now[0] += 2.0
        known.look_if_due()
        known.wait(10)
    assert 7 in known.revoked
    assert len([one for one in caplog.records if "feed could not be read" in one.message]) == 1


def test_a_look_is_begun_at_most_every_two_seconds(bucket, feed_url, monkeypatch):
    now, looks = [100.0], []
    known = S3Feed(feed_url, environ=moto_process.ENVIRON, clock=lambda: now[0])
    monkeypatch.setattr(known, "look", lambda: looks.append(now[0]))
    for _ in range(10):
        known.look_if_due()
        known.wait(10)
        now[0] += 0.5
    assert looks == [100.0, 102.0, 104.0]


def test_a_key_revoked_in_the_feed_is_turned_away_by_the_function(environ, bucket, feed_url, monkeypatch):
    client, name = bucket
    client.put_object(Bucket=name, Key="edge/feed.json", Body=feed(revoked=[KEY_ID]))
    function = HttpFunction(environ | {"MILEPOST_EDGE_FEED_URL": feed_url})
    answers = []

    def turned_away():
        answers.append(function.handle(event(post()))["statusCode"])
        return answers[-1] == 401

    wait_until(turned_away)
    assert answers[0] in {202, 401}  # the first does not wait for the feed


@pytest.mark.parametrize("url", ["s3://bucket", "http://x/y", "bucket/key"])
def test_a_feed_address_that_makes_no_sense_is_refused(url):
    with pytest.raises(ValueError, match="s3://BUCKET/KEY"):
        S3Feed(url, environ={})
