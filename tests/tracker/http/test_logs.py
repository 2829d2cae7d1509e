"""Log lines: one JSON object each, with the request's id and without anything that opens a door."""

import json
import logging

import pytest
import redis

from ingest_lambda.keys import Kind, Mode, mint
from tracker.http.correlation import CorrelationFilter
from tracker.http.logs import JsonFormatter, without_secrets


@pytest.mark.parametrize(
    "text",
    [
        mint(Kind.SECRET, Mode.LIVE, 1, 2, b"secret", random=bytes),
        "Authorization: Bearer abcdefgh.ijkl",
        "postgresql://app:hunter2@db/milepost",
        "/console/join/inv_0123/s3cr3t-t0ken/",
        "/accounts/password/reset/key/4-s3cr3t-t0ken/",
        "/accounts/confirm-email/s3cr3t-t0ken/",
    ],
)
def test_what_opens_a_door_never_reaches_a_line(text):
    line = without_secrets(json.dumps({"message": f"refused {text} at once"}))
    assert "[hidden]" in line
    assert not any(word in line for word in ("hunter2", "s3cr3t-t0ken", "abcdefgh.ijkl", text[8:40]))
    assert (
        json.loads(line)["message"].endswith(" at once")
        or "reset" in text
        or "confirm" in text
        or "join" in text
    )


def test_a_refusal_that_django_logs_carries_the_requests_id(client, db):
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(self.format(record)))

    keep = Keep()
    keep.setFormatter(JsonFormatter())
    keep.addFilter(CorrelationFilter())
    logger = logging.getLogger("django.request")
    logger.addHandler(keep)
    try:
        answer = client.get("/no-such-page")
    finally:
        logger.removeHandler(keep)
    assert [line["request_id"] for line in lines] == [answer["X-Request-Id"]]


def test_with_the_cache_away_signing_in_says_so_instead_of_failing(client, db, settings, monkeypatch):
    def away(*args, **kwargs):
        raise redis.ConnectionError("away")

    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.get", away)
    client.raise_request_exception = False
    answer = client.post("/accounts/login/", {"login": "a@example.com", "password": "x"})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
