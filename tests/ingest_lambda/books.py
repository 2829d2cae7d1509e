"""The books that must balance whatever a test does: each report sent has one ending, and each ending its row."""

from collections.abc import Iterable
from typing import Any

import psycopg

from ingest_lambda.report import Envelope

COUNTED = """
    SELECT outcome, reason, sum(count)::bigint FROM tracker_outcomecount
    WHERE environment_id = ANY(%s::bigint[]) GROUP BY 1, 2 HAVING sum(count) <> 0"""
STORED = "SELECT count(*) FROM tracker_position WHERE environment_id = ANY(%s::bigint[])"
SET_ASIDE = """
    SELECT outcome, reason, count(*) FROM tracker_setasidereport
    WHERE environment_id = ANY(%s::bigint[]) GROUP BY 1, 2"""
IN_LETTERS = """
    SELECT coalesce(sum(fixes), 0)::bigint FROM tracker_deadletter
    WHERE environment_id = ANY(%s::bigint[]) AND redriven_at IS NULL"""
DEAD = ("quarantined", "dead_letter")


def fixes_in(envelopes: Iterable[Envelope]) -> int:
    """How many reports some envelopes stand for."""
    return sum(envelope.count for envelope in envelopes)


def assert_books_balance(
    connection: psycopg.Connection[Any], sent: int, *environments: int
) -> dict[str, int]:
    """Check to the unit that `sent` reports of these environments have ended, each once; gives the endings.

    received = accepted + duplicate + filtered + quarantined; accepted = rows of the history; what was filtered or
    quarantined has its row among the reports set aside, or in a dead letter nobody has driven again yet. All read
    by SQL as the tables' owner: `connection` belongs to that role. Positions must not have been dropped or
    forgotten since. No count may be negative.
    """
    numbers = list(environments)
    with connection.transaction():
        connection.execute("SELECT set_config('milepost.unscoped', 'test', true)")
        rows = connection.execute(COUNTED, (numbers,)).fetchall()
        counts = {(row[0], row[1]): int(row[2]) for row in rows}
        stored = _number(connection, STORED, numbers)
        in_letters = _number(connection, IN_LETTERS, numbers)
        aside = {
            (row[0], row[1]): int(row[2]) for row in connection.execute(SET_ASIDE, (numbers,)).fetchall()
        }
    assert all(count > 0 for count in counts.values()), counts
    assert sum(counts.values()) == sent, f"{sent} sent, {counts} counted"
    assert counts.get(("accepted", ""), 0) == stored, f"{counts}, but {stored} positions"
    assert counts.pop(DEAD, 0) == in_letters, f"{in_letters} fixes in dead letters"
    kept_out = {key: n for key, n in counts.items() if key[0] in {"filtered", "quarantined"}}
    assert kept_out == aside, f"counted {kept_out}, set aside {aside}"
    found = {f"{outcome} {reason}".strip(): n for (outcome, reason), n in counts.items()}
    return found | ({"quarantined dead_letter": in_letters} if in_letters else {})


def _number(connection: psycopg.Connection[Any], sql: str, environments: list[int]) -> int:
    row = connection.execute(sql, (environments,)).fetchone()
    return int(row[0]) if row else 0
