"""Idempotency-Key: a POST that is repeated with the same key does nothing again and gets the first answer again.

The row of a key is written in the request's own transaction, first thing. A repeat that comes while the first is
under way waits at the row's unique index: when the first commits the repeat finds its answer, when it rolls back
the repeat is the first. So nothing is ever half done under a key, and refusals are not remembered.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import OperationalError, connection
from django.http import HttpResponse
from psycopg.errors import LockNotAvailable
from rest_framework.response import Response

from tracker.http.models import IdempotentAnswer
from tracker.http.problems import ApiProblem, bad_request
from tracker.tenants import scope

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
KEPT = timedelta(hours=24)
WAITS = "10s"  # for a request under way with the same key
KEPT_HEADERS = ("Location",)
LARGEST_KEPT = 256 * 1024  # answers to creates are small; a larger one is made anew by whoever repeats

CLAIM = """
    INSERT INTO tracker_idempotentanswer (environment_id, key, request_sha256, headers, body, made_at)
    VALUES (%s, %s, %s, '{}', '', %s)
    ON CONFLICT (environment_id, key) DO UPDATE
        SET request_sha256 = excluded.request_sha256, made_at = excluded.made_at, status = NULL, body = ''
        WHERE tracker_idempotentanswer.made_at < %s
    RETURNING id
"""


class Replay(Exception):
    """The request was answered before; `answer` is that answer."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__("answered before")
        self.answer = answer


def key_in(header: str | None) -> str | None:
    """The key in a header, plain or as a quoted string; None without one. Raises a 400 for what is none."""
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > LONGEST or not all("!" <= char <= "~" for char in key):
        detail = f"{HEADER} must be 1 to {LONGEST} visible ASCII characters, such as a UUID."
        raise bad_request("invalid_idempotency_key", detail, HEADER)
    return key


def claim(environment_id: int, key: str, method: str, path: str, body: bytes, *, now: datetime) -> int:
    """Take the key for this request; the id of its row. Raises Replay, or a 409 for another request's key."""
    digest = hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [WAITS])
        try:
            cursor.execute(CLAIM, [environment_id, key, digest, now, now - KEPT])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise _busy() from None
            raise
        row = cursor.fetchone()
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    if row is not None:
        return int(row[0])
    known = IdempotentAnswer.objects.for_environment(environment_id).get(key=key)
    if bytes(known.request_sha256) != digest:
        raise _reused()
    if known.status is None:  # its answer held a secret, or was too large
        raise _gone()
    raise Replay(_answer(known))


def remember(environment_id: int, claimed: int, response: Response, *, secret: bool) -> None:
    """Keep the answer of a request that succeeded; its transaction makes it last. A refusal is not kept, and of an
    answer with a secret only that it was given."""
    rows = IdempotentAnswer.objects.for_environment(environment_id).filter(pk=claimed)
    if response.status_code >= 400:
        rows.delete()
        return
    body = b"" if response.data is None else msgspec.json.encode(response.data)
    if secret or len(body) > LARGEST_KEPT:
        return
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    if kind := (response.content_type or ""):
        headers["Content-Type"] = kind
    rows.update(status=response.status_code, headers=headers, body=body)


def forget(*, now: datetime) -> int:
    """Drop the answers older than a day; returns how many."""
    why = "answers of all customers are forgotten in one go"
    with scope.scope(unscoped=why):
        return IdempotentAnswer.objects.unscoped(why).filter(made_at__lt=now - KEPT).delete()[0]


def _answer(known: IdempotentAnswer) -> HttpResponse:
    headers: dict[str, Any] = {"Content-Type": "application/json", **known.headers, REPLAYED: "true"}
    return HttpResponse(bytes(known.body), status=known.status, headers=headers)


def _busy() -> ApiProblem:
    detail = f"A request with this {HEADER} is still under way. Try again in a few seconds."
    return ApiProblem(409, "idempotency_key_busy", detail, param=HEADER, headers={"Retry-After": "5"})


def _reused() -> ApiProblem:
    detail = f"This {HEADER} came with another request within the last day. Use a new one for a new request."
    return ApiProblem(409, "idempotency_key_reused", detail, param=HEADER)


def _gone() -> ApiProblem:
    detail = (
        f"The request with this {HEADER} succeeded. Its answer is not kept: it held a secret that is shown once, "
        "or was too large."
    )
    return ApiProblem(409, "idempotency_answer_not_kept", detail, param=HEADER)
