"""Tells when an unusual share of what an environment receives cannot be taken: a pure rule and its tick."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from tracker.http.times import moment_text
from tracker.ingestion.models import Outcome, QuarantineRate
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.webhooks.payloads import QuarantineHigh, QuarantineLinks, ReasonCount

WINDOW = timedelta(minutes=10)
HIGH_FROM = 0.20  # share of what was received in the window
USUAL_UNDER = 0.10  # and it must fall under this before it can be told again
LEAST_RECEIVED = 50  # one broken report of three is no news
REASONS = 5

# an index range for each environment; one that received nothing has no row
COUNTS = """
    SELECT e.id, found.received, found.quarantined
    FROM tracker_environment e CROSS JOIN LATERAL (
        SELECT sum(o.count)::bigint AS received,
            coalesce(sum(o.count) FILTER (WHERE o.outcome = %(quarantined)s), 0)::bigint AS quarantined
        FROM tracker_outcomecount o
        WHERE o.environment_id = e.id AND o.second > %(since)s AND o.second <= %(now)s
    ) AS found
    WHERE found.received > 0
"""
TOP = """
    SELECT reason, sum(count)::bigint AS total FROM tracker_outcomecount
    WHERE environment_id = %(environment)s AND second > %(since)s AND second <= %(now)s
        AND outcome = %(quarantined)s
    GROUP BY reason HAVING sum(count) > 0 ORDER BY total DESC, reason LIMIT %(reasons)s
"""
# of two ticks at once the second waits for the first one's row, finds it high already and gets nothing back
RAISE = """
    INSERT INTO tracker_quarantinerate (environment_id, high_since) VALUES (%(environment)s, %(now)s)
    ON CONFLICT (environment_id) DO UPDATE SET high_since = excluded.high_since
        WHERE tracker_quarantinerate.high_since IS NULL
    RETURNING environment_id
"""


@dataclass(frozen=True)
class Counted:
    """What an environment received within the window."""

    received: int
    quarantined: int

    @property
    def share(self) -> float:
        """Quarantined of received."""
        return self.quarantined / self.received if self.received else 0.0


def is_high(counted: Counted, *, was_high: bool) -> bool:
    """Whether the share counts as high. Between the two bounds, and on too few reports, it stays what it was."""
    if not counted.quarantined:
        return False
    if counted.received < LEAST_RECEIVED:
        return was_high
    return counted.share >= (USUAL_UNDER if was_high else HIGH_FROM)


def watch(*, now: datetime) -> int:
    """Look at every environment; returns how many events were written."""
    rows = QuarantineRate.objects.unscoped("every customer's rate is looked at")
    high = set(rows.filter(high_since__isnull=False).values_list("pk", flat=True))
    counts = _counts(now)
    over = {
        key for key in high | counts.keys() if is_high(counts.get(key, Counted(0, 0)), was_high=key in high)
    }
    rows.filter(pk__in=high - over).update(high_since=None)
    return sum(_tell(key, counts[key], now=now) for key in sorted(over - high))


def _counts(now: datetime) -> dict[int, Counted]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, _window(now))
        return {key: Counted(received, quarantined) for key, received, quarantined in cursor.fetchall()}


def _tell(environment_id: int, counted: Counted, *, now: datetime) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(RAISE, {"environment": environment_id, "now": now})
            if cursor.fetchone() is None:
                return False
            cursor.execute(TOP, _window(now) | {"environment": environment_id, "reasons": REASONS})
            reasons = [ReasonCount(reason, count) for reason, count in cursor.fetchall()]
        data = QuarantineHigh(
            since=moment_text(now),
            window_s=int(WINDOW.total_seconds()),
            received=counted.received,
            quarantined=counted.quarantined,
            share=round(counted.share, 4),
            reasons=reasons,
            links=_links(),
        )
        record(environment_id, Kind.QUARANTINE_RATE_HIGH, msgspec.to_builtins(data), occurred_at=now)
    return True


def _links() -> QuarantineLinks:
    base = settings.BASE_URL.rstrip("/")
    return QuarantineLinks(base + reverse("console_quarantine"), base + reverse("api_quarantine"))


def _window(now: datetime) -> dict[str, Any]:
    return {"since": now - WINDOW, "now": now, "quarantined": Outcome.QUARANTINED.value}
