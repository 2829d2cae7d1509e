"""The door as a process: a real Redis, posts over a real socket."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest_lambda.server import worker_socket
from tests.ingest_lambda.door import BEARER, FIX, KEY_ID, PUBLISHABLE, SECRET
from tests.ingest_lambda.feeds import publish
from tests.ingest_lambda.redis_process import RedisProcess, wait_until

PROJECT = Path(__file__).resolve().parents[2]
BODY = json.dumps({"device_id": "van-1", "positions": [FIX]}).encode()
LIMIT = 1024 * 1024


class UnixHTTPConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class ServerProcess:
    """`python -m ingest_lambda.server` on a socket beside its Redis."""

    def __init__(self, redis):
        self.redis = redis
        self.socket = redis.folder / "edge"
        self.log = redis.folder / "log"
        environ = os.environ | {
            "MILEPOST_KEY_SIGNING_SECRETS": SECRET.decode(),
            "MILEPOST_REDIS_URL": redis.url,
            "MILEPOST_EDGE_SOCKET": str(self.socket),
            "MILEPOST_LOG_LEVEL": "INFO",
            "MILEPOST_ENV_FILE": str(redis.folder / "no.env"),
        }
        command = [sys.executable, "-m", "ingest_lambda.server"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=log, stderr=log)
        wait_until(self.is_up, 30)

    def is_up(self):
        try:
            return self.call("GET", "/")[0] == 404
        except OSError:
            return False

    def call(self, method, path="/ingest/v1/positions", body=None, headers=BEARER):
        """Status, headers and body of one request on a connection of its own."""
        connection = UnixHTTPConnection(self.socket)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, {n.lower(): v for n, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stored(self):
        text = [self.redis.call("XLEN", f"loc:{lane}") for lane in range(4)]
        return sum(int(count) for count in text)


@pytest.fixture(scope="module")
def server():
    redis = RedisProcess()
    redis.start()
    server = ServerProcess(redis)
    yield server
    if server.process.poll() is None:
        server.stop()
    redis.remove()


def test_each_of_several_workers_can_have_a_socket_of_its_own():
    assert worker_socket("/run/app/edge.sock", 1) == "/run/app/edge-1.sock"
    assert worker_socket("/run/edge", 0) == "/run/edge-0"


def test_a_post_is_answered_202_and_is_on_the_stream(server):
    before = server.stored()
    status, headers, body = server.call("POST", body=BODY)
    answer = json.loads(body)
    assert (status, answer["received"]) == (202, 1)
    assert headers["x-request-id"] == answer["request_id"]
    assert headers["content-type"] == "application/json"
    assert server.stored() == before + 1


def test_a_body_without_a_length_is_read_too(server):
    status, _, _ = server.call("POST", body=iter([BODY[:20], BODY[20:]]))
    assert status == 202


def test_a_body_over_the_limit_is_refused_with_or_without_a_length(server):
    declared = server.call("POST", body=b" " * (LIMIT + 1))
    assert declared[0] == 413
    document = json.loads(declared[2])
    assert document["code"] == "body_too_large"
    assert document["request_id"] == declared[1]["x-request-id"]
    chunks = iter([b" " * 65536] * 17)
    assert server.call("POST", body=chunks)[0] == 413


def test_a_browser_may_ask_first(server):
    status, headers, body = server.call("OPTIONS", headers={"Origin": "https://app.example"})
    assert (status, body) == (204, b"")
    assert headers["access-control-allow-origin"] == "*"


def test_one_connection_carries_many_posts(server):
    connection = UnixHTTPConnection(server.socket)
    for _ in range(50):
        connection.request("POST", "/ingest/v1/positions", BODY, BEARER)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (202, True)
    connection.close()


def test_what_is_no_http_harms_nobody(server):
    for noise in (
        b"\x16\x03\x01\x00\xa5",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"",
    ):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(server.socket))
            raw.sendall(noise)
    assert server.call("POST", body=BODY)[0] == 202


def raw(server, *parts):
    """Write the parts on a connection of its own, then everything that comes back until it closes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(server.socket))
        for part in parts:
            client.sendall(part)
        return b"".join(iter(lambda: client.recv(65536), b""))


def post_bytes(*more):
    lines = (
        b"POST /ingest/v1/positions HTTP/1.1",
        b"host: x",
        b"authorization: " + BEARER["authorization"].encode(),
        b"content-length: %d" % len(BODY),
        *more,
    )
    return b"\r\n".join((*lines, b"", BODY))


def test_requests_sent_at_once_are_answered_in_order(server):
    ask = b"OPTIONS /ingest/v1/positions HTTP/1.1\r\nhost: x\r\n\r\n"
    answers = raw(server, (post_bytes() + ask) * 20 + post_bytes(b"connection: close"))
    statuses = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+)", answers)]
    assert statuses == [202, 204] * 20 + [202]


def test_a_request_that_comes_byte_by_byte_is_read(server):
    whole = post_bytes(b"connection: close")
    assert b"HTTP/1.1 202" in raw(server, *(whole[i : i + 1] for i in range(len(whole))))


def test_a_head_request_gets_no_body(server):
    answer = raw(server, b"HEAD /ingest/v1/positions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405")
    assert body == b""


def test_a_client_that_asks_whether_to_go_on_is_told_to(server):
    answer = raw(server, post_bytes(b"expect: 100-continue", b"connection: close"))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202")


def test_headers_without_end_are_cut_off(server):
    answer = raw(server, b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000)
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""


def test_a_client_that_closed_its_half_still_gets_its_answer(server):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(server.socket))
        client.sendall(post_bytes())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(65536).startswith(b"HTTP/1.1 202")


def test_the_process_says_that_it_lives(server):
    wait_until(lambda: len(server.redis.call("KEYS", "health:edge:*").split()) == 1)
    key = server.redis.call("KEYS", "health:edge:*").split()[0]
    assert json.loads(server.redis.call("GET", key))["at"] > 1.7e9
    assert 0 < int(server.redis.call("TTL", key)) <= 15


def test_a_revoked_key_is_shut_out_within_five_seconds(server):
    publish(server.redis, revoked=[KEY_ID])
    wait_until(lambda: {server.call("POST", body=BODY)[0] for _ in range(10)} == {401}, 5)
    publish(server.redis)
    wait_until(lambda: {server.call("POST", body=BODY)[0] for _ in range(10)} == {202}, 5)


def test_a_revoked_key_stays_shut_out_while_redis_is_away(server):
    publish(server.redis, revoked=[KEY_ID])
    wait_until(lambda: {server.call("POST", body=BODY)[0] for _ in range(10)} == {401}, 5)
    server.redis.stop()
    assert server.call("POST", body=BODY)[0] == 401
    server.redis.start()
    publish(server.redis)
    wait_until(lambda: {server.call("POST", body=BODY)[0] for _ in range(10)} == {202}, 10)


def answers(server, count=10):
    return [server.call("POST", body=BODY)[:2] for _ in range(count)]


def test_a_limit_set_in_the_console_is_held_within_five_seconds_and_let_go_as_fast(server):
    publish(server.redis, key_reports_per_second=1)
    wait_until(lambda: 429 in {status for status, _ in answers(server)}, 5)
    status, headers = next(answer for answer in answers(server, 100) if answer[0] == 429)
    assert int(headers["retry-after"]) >= 1
    assert headers["ratelimit"].startswith('"key";r=0;t=')
    assert headers["ratelimit-policy"].startswith('"key";q=60;w=60, "environment";q=1200000;w=60')
    publish(server.redis)
    wait_until(lambda: {status for status, _ in answers(server)} == {202}, 5)
    [*_, (status, headers)] = answers(server)
    assert headers["ratelimit-policy"].startswith('"key";q=600000;w=60')
    assert re.fullmatch(r'"key";r=\d+;t=\d+', headers["ratelimit"])


def test_a_door_whose_redis_is_away_gives_out_its_own_part_of_a_limit(server):
    publish(server.redis, key_reports_per_second=10_000)
    wait_until(lambda: "ratelimit" in server.call("POST", body=BODY)[1], 5)
    server.redis.stop()
    wait_until(lambda: "limits are kept alone for now" in server.log.read_text(), 10)
    server.redis.start()
    wait_until(lambda: {status for status, _ in answers(server)} == {202}, 10)


def test_the_end_of_the_process_is_orderly_and_its_log_holds_no_key(server):
    server.call("POST", body=BODY, headers={"Authorization": f"Bearer {PUBLISHABLE[:-1]}"})
    before = server.stored()
    assert server.call("POST", body=BODY)[0] == 202
    assert server.stop() == 0
    assert server.stored() == before + 1
    text = server.log.read_text()
    assert not re.search(r"[ps]k_(live|test)_\w{5}", text)
    assert SECRET.decode() not in text
    refused = [line for line in server.lines() if line["message"] == "refused"]
    assert all(line["request_id"].startswith("req_") and line["code"] for line in refused)
    assert [line["message"] for line in server.lines()].count("the door is closed") == 1
