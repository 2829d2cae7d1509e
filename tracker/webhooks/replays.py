"""Sends again what was sent, given up or withheld: one message, a time range, all that is missing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tracker.webhooks import lifecycle
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage
from tracker.webhooks.subscriptions import expanded

MOST_AT_ONCE = 50_000  # messages one call makes; a further call takes the next

# A message for each event of the environment, of these kinds and times, that the endpoint is not waiting for.
# `missing`: only events it has no delivered message of. `owed`: only events it was owed and did not get.
REPLAY = """
    INSERT INTO tracker_webhookmessage
        (uid, environment_id, endpoint_id, event_id, number, state, attempts, due_at, created_at)
    SELECT gen_random_uuid(), %(environment)s, %(endpoint)s, event.id, coalesce(told.last + 1, 0), 'pending', 0,
        %(now)s, %(now)s
    FROM tracker_outboxevent event
    LEFT JOIN LATERAL (
        SELECT max(m.number) AS last, bool_or(m.state = 'pending') AS waiting, bool_or(m.state = 'delivered') AS had
        FROM tracker_webhookmessage m
        WHERE m.environment_id = %(environment)s AND m.endpoint_id = %(endpoint)s AND m.event_id = event.id
    ) told ON true
    WHERE event.environment_id = %(environment)s AND event.created_at >= %(since)s AND event.created_at < %(until)s
        AND event.kind = ANY(%(kinds)s) AND event.relayed_at IS NOT NULL
        AND NOT coalesce(told.waiting, false)
        AND NOT (%(missing)s AND coalesce(told.had, false))
        AND NOT (%(owed)s AND told.last IS NULL)
    ORDER BY event.id LIMIT %(limit)s
    ON CONFLICT DO NOTHING"""


def replay_message(message: WebhookMessage, *, now: datetime) -> WebhookMessage:
    """Owe the endpoint the message's event once more. Raises WebhookProblem: `endpoint_not_enabled`,
    `endpoint_deleted`, `already_waiting`."""
    rows = WebhookMessage.objects.for_environment(message.environment_id)
    with transaction.atomic():
        endpoint = _enabled(message.endpoint)
        twins = rows.filter(endpoint=endpoint, event_id=message.event_id)
        if twins.filter(state=WebhookMessage.State.PENDING).exists():
            raise WebhookProblem("already_waiting", "The event is on its way to this endpoint already.")
        last = max(twins.values_list("number", flat=True), default=-1)
        return WebhookMessage.objects.create(
            environment_id=message.environment_id,
            endpoint=endpoint,
            event_id=message.event_id,
            number=last + 1,
            due_at=now,
        )


def replay_range(
    endpoint: WebhookEndpoint,
    *,
    since: datetime,
    until: datetime,
    kinds: Sequence[str] = (),
    only_failed: bool = True,
    now: datetime,
) -> int:
    """Owe the endpoint again what was written between `since` and `until` (not included); how many messages.

    `kinds`: as an endpoint's own, empty for all it asks for. `only_failed`: only what it was owed and did not get;
    otherwise also what it got. Events it is waiting for are left alone. Raises as `replay_message`, and `bad_range`.
    """
    if until <= since:
        raise WebhookProblem("bad_range", "The end of the range must lie after its beginning.", param="until")
    with transaction.atomic():
        row = _enabled(endpoint)
        wanted = expanded(kinds or row.kinds)
        return _replay(row, since, until, wanted, missing=only_failed, owed=only_failed, now=now)


def replay_missing(endpoint: WebhookEndpoint, *, now: datetime) -> int:
    """Owe the endpoint everything it asks for that happened since it was made and that it never got, as far as
    events are kept (30 days): given up, withheld, or from before it was verified. How many messages."""
    with transaction.atomic():
        row = _enabled(endpoint)
        return _replay(row, row.created_at, now, expanded(row.kinds), missing=True, owed=False, now=now)


def _replay(
    row: WebhookEndpoint,
    since: datetime,
    until: datetime,
    kinds: list[str],
    *,
    missing: bool,
    owed: bool,
    now: datetime,
) -> int:
    facts: dict[str, Any] = {
        "environment": row.environment_id, "endpoint": row.pk, "since": since, "until": until, "kinds": kinds,
        "missing": missing, "owed": owed, "now": now, "limit": MOST_AT_ONCE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(REPLAY, facts)
        return int(cursor.rowcount)


def _enabled(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint's row, locked: of two who replay the same, the second sees the first's messages."""
    row = lifecycle.held(endpoint)
    if row.state != WebhookEndpoint.State.ENABLED:
        raise WebhookProblem(
            "endpoint_not_enabled", "Only a verified, enabled endpoint can be sent messages again."
        )
    return row
