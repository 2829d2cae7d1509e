"""Forgets events: thirty days after they were handed on, with the messages and attempts they led to; or by device."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tracker.tenants import scope
from tracker.tenants.models import Environment

KEPT = timedelta(days=30)
CHUNK = 2_000
WHY = "events of every customer are forgotten in one go"

# in order of their writing: the oldest of an environment stand at the end of its index by age
OLD = """
    SELECT id FROM tracker_outboxevent
    WHERE environment_id = %(environment)s AND created_at < %(horizon)s AND relayed_at < %(horizon)s
    ORDER BY created_at LIMIT %(limit)s"""
OF_DEVICE = """
    SELECT id FROM tracker_outboxevent
    WHERE environment_id = %(environment)s AND device_id = %(device)s LIMIT %(limit)s"""
ATTEMPTS = """
    DELETE FROM tracker_webhookattempt a USING tracker_webhookmessage m
    WHERE m.event_id = ANY(%(ids)s) AND a.environment_id = %(environment)s AND a.message_id = m.id"""
MESSAGES = "DELETE FROM tracker_webhookmessage WHERE event_id = ANY(%(ids)s)"
EVENTS = "DELETE FROM tracker_outboxevent WHERE id = ANY(%(ids)s)"


def forget_relayed(*, now: datetime) -> int:
    """Forget what was handed on more than thirty days ago; how many events. What was not handed on stays."""
    environments = Environment.objects.unscoped(WHY).order_by("pk").values_list("pk", flat=True)
    return sum(
        _forget(OLD, {"environment": environment, "horizon": now - KEPT})
        for environment in list(environments)
    )


def forget_events_of(environment_id: int, device_id: int) -> int:
    """Forget every event of a device, told or not, with what came of it; how many."""
    return _forget(OF_DEVICE, {"environment": environment_id, "device": device_id})


def _forget(which: str, facts: dict[str, Any]) -> int:
    """In chunks, each a transaction of its own where the caller has none."""
    forgotten = 0
    while True:
        with transaction.atomic(), scope.scope(unscoped=WHY), connection.cursor() as cursor:
            cursor.execute(which, facts | {"limit": CHUNK})
            ids = [row[0] for row in cursor.fetchall()]
            for statement in (ATTEMPTS, MESSAGES, EVENTS) if ids else ():
                cursor.execute(statement, facts | {"ids": ids})
        forgotten += len(ids)
        if len(ids) < CHUNK:
            return forgotten
