"""Credentials lent by the host: asked with the token, kept, asked for again before they expire."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ingest_lambda.aws.calls import credentials_of
from ingest_lambda.aws.lent import ADDRESS, TOKEN, Lender


class Host(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]] = []
    status = 200
    expiration: object = "2026-01-01T06:00:00Z"

    def do_GET(self):
        Host.asked.append((self.path, self.headers.get("Authorization")))
        lent = {"AccessKeyId": f"A{len(Host.asked)}", "SecretAccessKey": "s", "Token": "t"}
        body = json.dumps({**lent, "Expiration": Host.expiration}).encode()
        self.send_response(Host.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def environ():
    server = HTTPServer(("127.0.0.1", 0), Host)
    Host.asked, Host.status, Host.expiration = [], 200, "2026-01-01T06:00:00Z"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {ADDRESS: f"http://127.0.0.1:{server.server_port}/v1/credentials?x=1", TOKEN: "let-me-in"}
    server.shutdown()
    server.server_close()


SIX = 1767247200.0  # 2026-01-01T06:00:00Z


def test_they_are_asked_for_with_the_token_and_kept(environ):
    lender = Lender(clock=lambda: SIX - 3600)
    assert tuple(lender.credentials(environ)) == ("A1", "s", "t")
    assert tuple(lender.credentials(environ)) == ("A1", "s", "t")
    assert Host.asked == [("/v1/credentials?x=1", "let-me-in")]


@pytest.mark.parametrize("expiration", ["2026-01-01T06:00:00Z", "2026-01-01T06:00:00.123Z", SIX])
def test_they_are_asked_for_again_five_minutes_before_they_expire(environ, expiration):
    Host.expiration = expiration
    now = [SIX - 3600]
    lender = Lender(clock=lambda: now[0])
    lender.credentials(environ)
    now[0] = SIX - 301
    assert lender.credentials(environ).access_key == "A1"
    now[0] = SIX - 299
    assert lender.credentials(environ).access_key == "A2"


def test_a_host_that_is_away_for_a_moment_costs_nothing_while_they_last(environ):
    now = [SIX - 3600]
    lender = Lender(clock=lambda: now[0])
    lender.credentials(environ)
    Host.status, now[0] = 500, SIX - 60
    assert lender.credentials(environ).access_key == "A1"
    now[0] = SIX + 1
    with pytest.raises(LookupError, match="status 500"):
        lender.credentials(environ)


def test_keys_in_the_environment_come_first(environ):
    keys = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S"}
    assert tuple(credentials_of({**environ, **keys})) == ("K", "S", "")
    assert Host.asked == []


def test_without_either_it_is_said_what_is_missing():
    with pytest.raises(LookupError, match="AWS_ACCESS_KEY_ID"):
        credentials_of({})
