"""Takes due messages for a deliverer, fairly: a few of each endpoint, failing endpoints in a lane of their own."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from tracker.tenants import scope
from tracker.tenants.identifiers import public_id
from tracker.webhooks.body import body_of

WHY = "deliverers take what is due of every customer"
LEASE = timedelta(seconds=60)  # much longer than an attempt may take: who holds one that long is dead
EACH = 4  # under way to one endpoint at once
EACH_FAILING = 1

# `waiting` walks the index from endpoint to endpoint, so that it reads one row of each, however many each one has
# waiting. A row is looked at again once it is locked: another relay may have taken it since.
CLAIM = """
    WITH RECURSIVE waiting AS (
        (SELECT endpoint_id FROM tracker_webhookmessage WHERE state = 'pending' ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (SELECT m.endpoint_id FROM tracker_webhookmessage m
            WHERE m.state = 'pending' AND m.endpoint_id > w.endpoint_id ORDER BY m.endpoint_id LIMIT 1)
        FROM waiting w WHERE w.endpoint_id IS NOT NULL
    ), lane AS (
        SELECT e.id, CASE WHEN e.failing_since IS NULL THEN %(each)s ELSE %(each_failing)s END
            - coalesce((%(busy)s::jsonb ->> e.id::text)::int, 0) AS free
        FROM waiting w JOIN tracker_webhookendpoint e ON e.id = w.endpoint_id
        WHERE (e.failing_since IS NOT NULL OR e.id = ANY(%(slow)s)) = %(slow_lane)s AND e.id <> ALL(%(parked)s)
    ), due AS (
        SELECT m.id FROM lane CROSS JOIN LATERAL (
            SELECT id, due_at FROM tracker_webhookmessage
            WHERE endpoint_id = lane.id AND state = 'pending' AND due_at <= %(now)s
                AND (leased_until IS NULL OR leased_until <= %(now)s)
            ORDER BY due_at LIMIT greatest(lane.free, 0)
        ) m ORDER BY CASE WHEN %(slow_lane)s THEN random() END, m.due_at LIMIT %(limit)s
    ), taken AS (
        SELECT m.id FROM tracker_webhookmessage m JOIN due ON due.id = m.id
        WHERE m.state = 'pending' AND (m.leased_until IS NULL OR m.leased_until <= %(now)s)
        FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE tracker_webhookmessage m SET leased_until = %(until)s FROM taken WHERE m.id = taken.id RETURNING m.id"""

LOAD = """
    SELECT m.id, m.uid, m.attempts, m.environment_id, e.id, e.uid, e.url, e.content_type,
        e.state = 'enabled' AND e.deleted_at IS NULL,
        event.uid, event.kind, event.data, event.occurred_at, event.request_id, environment.uid,
        ARRAY(SELECT s.secret FROM tracker_webhooksecret s WHERE s.endpoint_id = e.id
            AND (s.expires_at IS NULL OR s.expires_at > %(now)s) ORDER BY s.id DESC)
    FROM tracker_webhookmessage m
    JOIN tracker_webhookendpoint e ON e.id = m.endpoint_id
    JOIN tracker_outboxevent event ON event.id = m.event_id
    JOIN tracker_environment environment ON environment.id = m.environment_id
    WHERE m.id = ANY(%(ids)s)"""
WITHHOLD = """
    UPDATE tracker_webhookmessage SET state = 'withheld', leased_until = NULL, ended_at = %(now)s
    WHERE id = ANY(%(ids)s)"""
# the oldest event nobody took, and the oldest due message of an endpoint that answers
LAGS = """
    SELECT coalesce(%(now)s - (SELECT created_at FROM tracker_outboxevent WHERE relayed_at IS NULL
            ORDER BY id LIMIT 1), interval '0'),
        coalesce(%(now)s - (SELECT min(due.due_at) FROM tracker_webhookendpoint e CROSS JOIN LATERAL (
            SELECT due_at FROM tracker_webhookmessage WHERE endpoint_id = e.id AND state = 'pending'
            ORDER BY due_at LIMIT 1) due
            WHERE e.state = 'enabled' AND e.failing_since IS NULL), interval '0')"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as one deliverer holds it, until `leased_until`."""

    message_id: int
    message: UUID
    attempts: int  # before this one
    environment_id: int
    endpoint_id: int
    endpoint: str  # public id, as the next
    event: str
    url: str
    content_type: str
    body: bytes
    request_id: UUID | None
    secrets: tuple[bytes, ...]
    leased_until: datetime


def claim(
    *,
    now: datetime,
    limit: int,
    busy: Mapping[int, int],
    slow: Collection[int] = (),
    parked: Collection[int] = (),
    slow_lane: bool = False,
) -> list[Delivery]:
    """Up to `limit` due messages, leased to the caller.

    `busy`: how many are under way to each endpoint here. `slow`: endpoints that answer slowly; with the failing ones
    they are served by `slow_lane` alone. `parked`: endpoints to leave alone. Messages of endpoints that are not
    enabled are withheld instead.
    """
    facts: dict[str, Any] = {
        "now": now, "until": now + LEASE, "limit": limit, "each": EACH, "each_failing": EACH_FAILING,
        "busy": json.dumps(busy), "slow": list(slow), "parked": list(parked),
        "slow_lane": slow_lane,
    }  # fmt: skip
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(CLAIM, facts)
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return []
        cursor.execute(LOAD, {"ids": ids, "now": now})
        rows = cursor.fetchall()
        closed = [row[0] for row in rows if not row[8]]
        if closed:
            cursor.execute(WITHHOLD, {"ids": closed, "now": now})
    return [_delivery(row, now + LEASE) for row in rows if row[8]]


def waiting_since(*, now: datetime) -> dict[str, timedelta]:
    """How long the oldest event waits to be handed on, and the oldest message of an endpoint that answers."""
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(LAGS, {"now": now})
        events, messages = cursor.fetchone()
    nought = timedelta()
    return {"events_wait_s": max(events, nought), "messages_wait_s": max(messages, nought)}


def _delivery(row: tuple, leased_until: datetime) -> Delivery:  # type: ignore[type-arg]  # a row of LOAD
    (number, uid, attempts, environment_id, endpoint_id, endpoint, url, content_type, _,
     event, kind, data, occurred_at, request_id, environment, secrets) = row  # fmt: skip
    raw = msgspec.Raw(data.encode())  # the text of the column: no number is read and written anew
    return Delivery(
        message_id=number,
        message=uid,
        attempts=attempts,
        environment_id=environment_id,
        endpoint_id=endpoint_id,
        endpoint=public_id("whk", endpoint),
        event=public_id("evt", event),
        url=url,
        content_type=content_type,
        body=body_of(event=event, kind=kind, occurred_at=occurred_at, environment=environment, data=raw),
        request_id=request_id,
        secrets=tuple(bytes(secret) for secret in secrets),
        leased_until=leased_until,
    )
