"""Writes down what came of attempts: the log, the message's next time or its end, and the endpoint's health."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from tracker.outbox.catalogue import Kind
from tracker.tenants import scope
from tracker.tenants.identifiers import public_id
from tracker.webhooks import health
from tracker.webhooks.claims import Delivery
from tracker.webhooks.client import Answer
from tracker.webhooks.schedule import next_due

WHY = "deliverers write down attempts for every customer"
logger = logging.getLogger(__name__)

# locked in one order, so that two who write down never wait for each other in a ring; with every other message of
# the same event to the same endpoint, so that of a message and its replay only one is counted as delivered
HOLD = """
    SELECT m.id FROM tracker_webhookmessage m JOIN (
        SELECT DISTINCT environment_id, endpoint_id, event_id FROM tracker_webhookmessage WHERE id = ANY(%(ids)s)
    ) AS same USING (environment_id, endpoint_id, event_id)
    ORDER BY m.id FOR UPDATE OF m"""
LOG = """
    INSERT INTO tracker_webhookattempt
        (environment_id, message_id, number, started_at, duration_ms, status, error, answer)
    SELECT * FROM unnest(%(environments)s::bigint[], %(ids)s::bigint[], %(numbers)s::smallint[],
        %(started)s::timestamptz[], %(durations)s::int[], %(statuses)s::smallint[], %(errors)s::text[],
        %(answers)s::text[])"""
# Delivered is delivered, whoever holds the lease by now. A failure counts only for who still holds it: whoever took
# the message over since has a result of their own.
# What is delivered for the first time is counted with it; the outer part sees the messages as they were before.
SETTLE = """
    WITH settled AS (
    UPDATE tracker_webhookmessage m
    SET state = r.state, attempts = greatest(m.attempts, r.attempts), due_at = coalesce(r.due_at, m.due_at),
        leased_until = NULL, ended_at = CASE WHEN r.state = 'pending' THEN NULL ELSE %(now)s END
    FROM unnest(%(ids)s::bigint[], %(leases)s::timestamptz[], %(states)s::text[], %(attempts)s::smallint[],
        %(dues)s::timestamptz[]) AS r(id, lease, state, attempts, due_at)
    WHERE m.id = r.id AND (
        r.state = 'delivered' AND m.state <> 'delivered' OR m.state = 'pending' AND m.leased_until = r.lease
    ) RETURNING m.environment_id, m.endpoint_id, m.event_id, m.state
    )
    INSERT INTO tracker_deliverycount AS c (environment_id, hour, kind, count)
    SELECT s.environment_id, date_trunc('hour', %(now)s::timestamptz, 'UTC'), e.kind, count(*)
    FROM (SELECT DISTINCT environment_id, endpoint_id, event_id FROM settled WHERE state = 'delivered') AS s
    JOIN tracker_outboxevent e ON e.id = s.event_id
    WHERE e.kind <> %(test)s AND NOT EXISTS (
        SELECT 1 FROM tracker_webhookmessage other
        WHERE other.environment_id = s.environment_id AND other.endpoint_id = s.endpoint_id
            AND other.event_id = s.event_id AND other.state = 'delivered')
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (environment_id, hour, kind) DO UPDATE SET count = c.count + excluded.count"""


@dataclass(frozen=True, slots=True)
class Result:
    """An attempt that is over. `next_at` is None when the message is delivered or given up."""

    delivery: Delivery
    answer: Answer
    started_at: datetime
    duration: timedelta
    next_at: datetime | None

    @property
    def state(self) -> str:
        """What the message becomes."""
        if self.answer.ok:
            return "delivered"
        return "failed" if self.next_at is None else "pending"

    @property
    def attempts(self) -> int:
        """How many there were, this one included."""
        return self.delivery.attempts + 1


def result_of(delivery: Delivery, answer: Answer, *, started_at: datetime, now: datetime) -> Result:
    """The result of an attempt; when it failed, with the time of the next."""
    due = None
    if not (answer.ok or answer.gone):
        chance = random.random()  # noqa: S311  spreads load, hides nothing
        due = next_due(delivery.attempts + 1, now=now, random=chance, retry_after=answer.retry_after)
    return Result(delivery, answer, started_at, now - started_at, due)


def record(results: Sequence[Result], *, now: datetime) -> None:
    """Write results down, then what follows for their endpoints; each in a transaction of its own.

    Messages are locked before endpoints nowhere: whoever disables an endpoint locks them the other way round. A crash
    between the two costs the endpoint's health one observation. Raises DatabaseError; nothing is half written then.
    """
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(HOLD, {"ids": [result.delivery.message_id for result in results]})
        there = {row[0] for row in cursor.fetchall()}  # a deleted device takes its messages with it
        kept = [result for result in results if result.delivery.message_id in there]
        if kept:
            cursor.execute(LOG, _log_facts(kept))
            cursor.execute(SETTLE, _message_facts(kept) | {"now": now, "test": Kind.WEBHOOK_TEST.value})
    health.note(
        [
            health.Seen(
                r.delivery.endpoint_id, r.answer.ok, r.answer.gone, r.state == "failed", r.answer.summary
            )
            for r in results
        ],
        now=now,
    )
    for result in results:
        if not result.answer.ok:
            _say(result)


def _log_facts(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "environments": [r.delivery.environment_id for r in results],
        "ids": [r.delivery.message_id for r in results],
        "numbers": [r.attempts for r in results],
        "started": [r.started_at for r in results],
        "durations": [max(0, round(r.duration / timedelta(milliseconds=1))) for r in results],
        "statuses": [r.answer.status for r in results],
        "errors": [r.answer.error[:300] for r in results],
        "answers": [r.answer.text for r in results],
    }


def _message_facts(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "ids": [r.delivery.message_id for r in results],
        "leases": [r.delivery.leased_until for r in results],
        "states": [r.state for r in results],
        "attempts": [r.attempts for r in results],
        "dues": [r.next_at for r in results],
    }


def _say(result: Result) -> None:
    """One line a failed attempt: ids and what came back, never the secret, never the URL's query."""
    delivery = result.delivery
    facts = {
        "event": delivery.event, "message_id": public_id("msg", delivery.message), "endpoint": delivery.endpoint,
        "environment_id": delivery.environment_id, "attempt": result.attempts, "status": result.answer.status,
        "reason": result.answer.error, "next_at": result.next_at, "state": result.state,
        "duration_ms": round(result.duration / timedelta(milliseconds=1)),
    }  # fmt: skip
    if delivery.request_id is not None:
        facts["request_id"] = public_id("req", delivery.request_id)
    logger.warning("a webhook was not delivered", extra=facts)
