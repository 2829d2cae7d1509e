"""Housekeeping of the edge's books: fold old counts, forget old reports."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from tracker.ingestion.models import ConsumedRecord, SetAsideReport, TracedRequest
from tracker.tenants.models import Environment

COUNTED_BY_THE_SECOND_FOR = timedelta(hours=48)
SET_ASIDE_KEPT_FOR = timedelta(days=7)
TRACES_KEPT_FOR = timedelta(days=8)  # longer than any stream keeps a record, and than set-aside reports
FORGOTTEN_AT_ONCE = 5_000
FOLDED_LANE = 0

# One statement, so that a reader sees the seconds or the minute and never both. A row that is a whole minute
# of the folded lane already is left where it is and added to.
FOLD = """
    WITH seconds AS (
        DELETE FROM tracker_outcomecount
        WHERE environment_id = %(environment)s AND second < %(before)s
            AND (lane <> %(lane)s OR second <> date_trunc('minute', second, 'UTC'))
        RETURNING second, outcome, reason, count
    ), minutes AS (
        SELECT date_trunc('minute', second, 'UTC') AS minute, outcome, reason, sum(count) AS count
        FROM seconds GROUP BY 1, 2, 3
    ), folded AS (
        INSERT INTO tracker_outcomecount (environment_id, second, outcome, reason, lane, count)
        SELECT %(environment)s, minute, outcome, reason, %(lane)s, count FROM minutes
        ORDER BY minute, outcome, reason
        ON CONFLICT (environment_id, second, outcome, reason, lane)
            DO UPDATE SET count = tracker_outcomecount.count + excluded.count
    )
    SELECT count(*) FROM seconds"""

FORGET_TRACES = (
    "DELETE FROM {0} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {0} WHERE received_at < %s LIMIT %s))"
)


def fold_outcomes(*, now: datetime) -> int:
    """Fold counts by the second older than two days into minutes; returns how many rows that took away.

    Environment by environment, each in its own transaction: the consumer may wait for a row of the one at hand only.
    """
    before = (now - COUNTED_BY_THE_SECOND_FOR).replace(second=0, microsecond=0)
    rows = Environment.objects.unscoped("every customer's counts are folded").order_by("pk")
    folded = 0
    for environment in list(rows.values_list("pk", flat=True)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FOLD, {"environment": environment, "before": before, "lane": FOLDED_LANE})
            folded += cursor.fetchone()[0]
    return folded


def forget_set_aside(*, now: datetime, at_once: int = FORGOTTEN_AT_ONCE) -> int:
    """Delete set-aside reports that are older than a week, a batch a transaction; returns how many."""
    old = SetAsideReport.objects.unscoped("old reports of every customer are forgotten")
    forgotten = 0
    while True:
        batch = old.filter(stored_at__lt=now - SET_ASIDE_KEPT_FOR).order_by("stored_at")[:at_once]
        with transaction.atomic():
            deleted, _ = old.filter(pk__in=list(batch.values_list("pk", flat=True))).delete()
        forgotten += deleted
        if deleted < at_once:
            return forgotten


def forget_traces(*, now: datetime, at_once: int = FORGOTTEN_AT_ONCE) -> int:
    """Delete callers' trace ids and noted records older than eight days, a batch a transaction; returns how many."""
    forgotten = 0
    for model in (TracedRequest, ConsumedRecord):
        deleted = at_once
        while deleted == at_once:
            with connection.cursor() as cursor:
                cursor.execute(FORGET_TRACES.format(model._meta.db_table), [now - TRACES_KEPT_FOR, at_once])
                deleted = cursor.rowcount
            forgotten += deleted
    return forgotten
