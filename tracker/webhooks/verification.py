"""Asks an endpoint whether it wants to be told: nothing else is sent before it repeated our challenge."""

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from tracker.http.times import moment_text
from tracker.tenants import scope
from tracker.tenants.identifiers import public_id
from tracker.webhooks import lifecycle
from tracker.webhooks.client import Answer

WHY = "the relay verifies endpoints of every customer"
TIMEOUT_S = 10.0
LEASE = timedelta(seconds=30)
MOST_AT_ONCE = 20
KIND = "webhook.verification"

CLAIM = """
    UPDATE tracker_webhookendpoint e SET verify_at = %(until)s
    FROM (
        SELECT id FROM tracker_webhookendpoint WHERE verify_at <= %(now)s AND deleted_at IS NULL
        ORDER BY verify_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) due, tracker_environment environment
    WHERE e.id = due.id AND environment.id = e.environment_id
    RETURNING e.id, e.uid, e.environment_id, environment.uid, e.url, e.content_type,
        ARRAY(SELECT s.secret FROM tracker_webhooksecret s WHERE s.endpoint_id = e.id
            AND (s.expires_at IS NULL OR s.expires_at > %(now)s) ORDER BY s.id DESC)"""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question to one endpoint."""

    endpoint_id: int
    endpoint: str  # public id
    environment_id: int
    url: str
    content_type: str
    secrets: tuple[bytes, ...]
    id: str
    words: str  # what it must repeat
    body: bytes


def claim(*, now: datetime, limit: int = MOST_AT_ONCE) -> list[Challenge]:
    """Endpoints that somebody wants verified; another relay takes them only after LEASE."""
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": now + LEASE, "limit": limit})
        return [_challenge(row, now) for row in cursor.fetchall()]


def _challenge(row: tuple, now: datetime) -> Challenge:  # type: ignore[type-arg]  # a row of CLAIM
    number, endpoint, environment_id, environment, url, content_type, in_force = row
    words, identifier = secrets.token_urlsafe(32), public_id("vrf", uuid.uuid4())
    body = {
        "id": identifier,
        "type": KIND,
        "timestamp": moment_text(now),
        "environment": public_id("env", environment),
        "challenge": words,
    }
    keys = tuple(bytes(secret) for secret in in_force)
    return Challenge(
        number,
        public_id("whk", endpoint),
        environment_id,
        url,
        content_type,
        keys,
        identifier,
        words,
        msgspec.json.encode(body),
    )


def fault_of(challenge: Challenge, answer: Answer) -> str:
    """Why the answer does not verify the endpoint; empty where it does. Pure."""
    if not answer.ok:
        return f"It could not be verified: {answer.summary}."
    if any(hmac.compare_digest(challenge.words.encode(), each.encode()) for each in _repeated(answer.text)):
        return ""
    return (
        "It could not be verified: the answer did not repeat the challenge, as text or as JSON "
        '{"challenge": "…"}, in its first kilobyte.'
    )


def _repeated(text: str) -> list[str]:
    found = [text.strip()]
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return found
    if isinstance(document, dict):
        document = document.get("challenge")
    return [*found, document] if isinstance(document, str) else found


def settle(challenge: Challenge, answer: Answer, *, now: datetime) -> str:
    """Write down what came of it; the fault, or an empty text."""
    fault = fault_of(challenge, answer)
    with scope.scope(unscoped=WHY):
        if fault:
            lifecycle.note_unverified(challenge.endpoint_id, challenge.environment_id, challenge.url, fault)
        else:
            lifecycle.note_verified(challenge.endpoint_id, challenge.environment_id, challenge.url, now=now)
    return fault
