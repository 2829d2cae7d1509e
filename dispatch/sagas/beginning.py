"""Begins sagas, and wakes those that are under way when something happened to what they are about.

Both may be asked for again and again: a saga of a kind and key is open once, by a constraint, and a saga that is woken
for nothing looks at the facts and goes back to sleep. What it does follows from the facts, never from the waking.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from dispatch.sagas.catalogue import SAGAS
from dispatch.sagas.models import Saga

WAKE = """
    WITH woken AS (
        SELECT id FROM dispatch_saga
        WHERE environment_id = %(environment)s AND state IN ('open', 'stuck')
            AND (subject = ANY(%(subjects)s) OR data->>'manifest' = ANY(%(manifests)s))
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE dispatch_saga s SET due_at = least(s.due_at, %(at)s), state = 'open'
    FROM woken WHERE s.id = woken.id AND (s.due_at IS NULL OR s.due_at > %(at)s)"""


@dataclass(frozen=True)
class Beginning:
    """A saga to begin. `key` tells sagas of one kind apart; without one it is the subject."""

    kind: str
    subject: str
    hub_id: int | None
    key: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def begin(environment_id: int, wanted: Sequence[Beginning], *, at: datetime) -> int:
    """Begin those of them that are not under way already; how many are new."""
    rows = [
        Saga(
            environment_id=environment_id,
            kind=one.kind,
            subject=one.subject,
            key=(one.key or one.subject)[:200],
            hub_id=one.hub_id,
            step=SAGAS[one.kind].first,
            due_at=at,
            begun_at=at,
            data=one.data,
        )
        for one in wanted
    ]
    if not rows:
        return 0
    kept = Saga.objects.for_environment(environment_id)
    kept.bulk_create(rows, ignore_conflicts=True)
    return kept.filter(uid__in=[row.uid for row in rows]).count()


def wake(
    environment_id: int, subjects: Collection[str], *, manifests: Collection[str] = (), at: datetime
) -> int:
    """Let the sagas about these look at the facts anew; how many there were that slept.

    A stuck one looks once more too: what held it up may be mended by what happened. Rows are locked in one order, so
    that two who wake the same never wait for each other in a ring.
    """
    if not subjects and not manifests:
        return 0
    facts: dict[str, Any] = {
        "environment": environment_id, "subjects": list(subjects), "manifests": list(manifests), "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WAKE, facts)
        return int(cursor.rowcount)
