"""The HTTP edge in one function: request -> credential -> parse -> stream -> reply. No server, no database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from ingest_lambda.addresses import DEVICES, POSITIONS, Address, find
from ingest_lambda.config import MAX_BODY_BYTES
from ingest_lambda.correlation import new_request_id, trace_of
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.enclosing import enclose_all
from ingest_lambda.exchange import Reply, Request, Seen
from ingest_lambda.feed import Feed
from ingest_lambda.formats import native
from ingest_lambda.formats.catalogue import Understood, not_understood, understand
from ingest_lambda.formats.taking_apart import take_apart
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.limits import Limits, NoLimits, over_quota
from ingest_lambda.problems import OPEN_TO_BROWSERS, Problem, render
from ingest_lambda.report import request_id_text
from ingest_lambda.stream import StreamUnavailable, StreamWriter
from ingest_lambda.unpacking import unpacked

RETRY_AFTER_S = 5

_PREFLIGHT = [
    *OPEN_TO_BROWSERS,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    (
        "access-control-allow-headers",
        "Authorization, Content-Type, Content-Encoding, Traceparent, X-Limit-U, X-Limit-D",
    ),
    ("access-control-max-age", "86400"),
]


class Registrar(Protocol):
    """Takes registrations of devices, in their lane."""

    async def register(
        self, body: bytes, key: VerifiedKey, received_at_us: int, request_id: bytes, traceparent: str
    ) -> Reply:
        """Answer one POST of registrations; raises Problem or StreamUnavailable."""
        ...


class Porch(msgspec.Struct, frozen=True):
    """What accepting needs from its surroundings. `now_us` gives epoch microseconds."""

    gatekeeper: Gatekeeper
    stream: StreamWriter
    max_body_bytes: int = MAX_BODY_BYTES
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    limits: Limits = msgspec.field(default_factory=NoLimits)
    registrar: Registrar | None = None  # None: this door takes no registrations
    feed: Feed | None = None  # what is known of environments; only explaining asks it


async def accept(request: Request, porch: Porch) -> Reply:
    """Answer one request, with what its app needs once the stream holds its reports. Never raises a Problem.

    401 for the credential, 413 for the size, 429 over quota, 400 for what nobody can read or tell a device of, 404 and
    405 for another address, 503 while the stream is away. A position that cannot be read travels on as refused.
    """
    received_at_us = porch.now_us()
    request_id = new_request_id(received_at_us)
    key: VerifiedKey | None = None
    try:
        if request.method == "OPTIONS":
            return Reply(204, [("x-request-id", request_id_text(request_id)), *_PREFLIGHT], b"")
        address = find(request.path)
        if request.method not in address.methods:
            raise _wrong_method(request.method, address)
        key = (
            porch.gatekeeper.from_header(request.headers.get("authorization"))
            if address.key is None
            else porch.gatekeeper.from_text(address.key)
        )
        traceparent = trace_of(request, request_id)
        if address.way is DEVICES:
            body = unpacked(request, porch.max_body_bytes)
            return await _registrar(porch).register(body, key, received_at_us, request_id, traceparent)
        allowance = porch.limits.take(key, 1, received_at_us)
        if not allowance.granted:
            raise over_quota(allowance)
        understood = _understood(request, address, received_at_us, porch.max_body_bytes)
        if address.explain:
            would_be = _answer(understood, request_id, traceparent, allowance.headers, key)
            return _explained(understood, would_be, porch, key, received_at_us, request_id_text(request_id))
        quota = porch.limits.charge(key, understood.fixes - 1 if understood.fixes else 0)
        envelopes = enclose_all(understood, key, received_at_us, request_id, traceparent)
        if envelopes:
            await porch.stream.put(envelopes)
    except Problem as problem:
        return _refused(problem, request, key, porch, request_id)
    except StreamUnavailable:
        return _refused(_stream_away(), request, key, porch, request_id)
    return _answer(understood, request_id, traceparent, quota, key)


def _refused(
    problem: Problem, request: Request, key: VerifiedKey | None, porch: Porch, request_id: bytes
) -> Reply:
    """The answer to a refusal, with whose it is wherever a genuine key came along: for their request log."""
    key = key or problem.key
    if key is None and problem.status != 401:
        with suppress(Problem):
            key = porch.gatekeeper.from_header(request.headers.get("authorization"))
    reply = render(problem, request_id_text(request_id))
    return reply if key is None else reply._replace(seen=Seen(key))


def _explained(
    understood: Understood,
    would_be: Reply,
    porch: Porch,
    key: VerifiedKey,
    received_at_us: int,
    request_id: str,
) -> Reply:
    # asked for by people, now and then: the judge it takes along is nothing a cold start should pay for
    from ingest_lambda.explain import explain  # noqa: PLC0415

    facts = porch.feed.environment(key.environment_id) if porch.feed is not None else None
    reply = explain(understood, would_be, facts, received_at_us, request_id)
    return reply._replace(seen=Seen(key))


def refuse(problem: Problem, porch: Porch) -> Reply:
    """The reply to a request that a server turned away before it could be read whole."""
    return render(problem, request_id_text(new_request_id(porch.now_us())))


def _understood(request: Request, address: Address, received_at_us: int, limit: int) -> Understood:
    """What the request is. Raises Problem 413; at our own address also 400, for that has its one form."""
    if address.way is POSITIONS:
        reports = native.read_body(unpacked(request, limit))
        return Understood(native, [reports], len(reports.positions) + len(reports.refused))
    try:
        body = unpacked(request, limit)
        asked = take_apart(request.query, body, received_at_us, request.headers, address.device)
    except Problem as problem:
        if problem.status != 400:
            raise
        return not_understood(problem, request.body)
    return understand(asked)


def _wrong_method(method: str, address: Address) -> Problem:
    allowed = ", ".join(sorted(address.methods))
    detail = f"{method} is not possible here: send your reports with {allowed.replace(', ', ' or ')}."
    return Problem(405, "method_not_allowed", detail, headers=(("allow", f"{allowed}, OPTIONS"),))


def _registrar(porch: Porch) -> Registrar:
    if porch.registrar is None:
        raise Problem(404, "not_found", "This door takes no registrations.")
    return porch.registrar


def _stream_away() -> Problem:
    detail = "The reports could not be stored just now. Send them again in a few seconds."
    return Problem(503, "stream_unavailable", detail, headers=(("retry-after", str(RETRY_AFTER_S)),))


def _answer(
    understood: Understood,
    request_id: bytes,
    traceparent: str,
    quota: Sequence[tuple[str, str]],
    key: VerifiedKey,
) -> Reply:
    text = request_id_text(request_id)
    if understood.problem is not None:
        reply = render(understood.problem, text)
        reply.headers.extend(quota)
        return reply._replace(seen=_seen(understood, key))
    status, content_type, body = understood.form.reply(text, understood.fixes)
    headers = [
        ("content-type", content_type),
        ("x-request-id", text),
        ("traceparent", traceparent),
        *OPEN_TO_BROWSERS,
        *quota,
    ]
    return Reply(status, headers, body, "", _seen(understood, key))


def _seen(understood: Understood, key: VerifiedKey) -> Seen:
    refused, reason, reports = 0, "", understood.reports
    for each in reports:
        if each.refused:
            refused += len(each.refused)
            reason = reason or each.refused[0].reason
    return Seen(key, reports[0].device if reports else "", understood.fixes - refused, refused, reason)
