"""The third fence's key: says to PostgreSQL, for this transaction only, whose rows may be seen.

Row-level security policies compare each row with these settings (migration `fence_the_control_tables`).
They are transaction-local on purpose: with a connection pool a session-wide setting would follow the
connection into the next customer's request.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

SETTINGS = ("milepost.tenant_id", "milepost.environment_id", "milepost.user_id", "milepost.unscoped")
_READ = ", ".join("coalesce(current_setting(%s, true), '')" for _ in SETTINGS)
_WRITE = ", ".join("set_config(%s, %s, true)" for _ in SETTINGS)
_SWAP = f"WITH was AS MATERIALIZED (SELECT {_READ}) SELECT was.*, {_WRITE} FROM was"  # noqa: S608  no foreign text


class NoTransaction(Exception):
    """A scope was entered outside a transaction, where it would end at once."""


def enter(
    *,
    tenant_id: int | None = None,
    environment_id: int | None = None,
    user_id: int | None = None,
    unscoped: str = "",
) -> None:
    """Set the scope for the rest of the running transaction. What is not given becomes nobody's."""
    _set(_values(tenant_id, environment_id, user_id, unscoped))


@contextmanager
def scope(
    *,
    tenant_id: int | None = None,
    environment_id: int | None = None,
    user_id: int | None = None,
    unscoped: str = "",
) -> Iterator[None]:
    """A transaction in that scope; the scope that was there before comes back at its end."""
    with transaction.atomic():
        before = _set(_values(tenant_id, environment_id, user_id, unscoped))
        yield
        _set(before)


def current() -> list[str]:
    """The four settings as they stand, empty where unset."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_READ}", SETTINGS)
        return list(cursor.fetchone())


def _values(
    tenant_id: int | None, environment_id: int | None, user_id: int | None, unscoped: str
) -> list[str]:
    return [str(tenant_id or ""), str(environment_id or ""), str(user_id or ""), unscoped]


def _set(values: list[str]) -> list[str]:
    """Put them in force until the transaction's end; the ones that were, read before that in the same statement."""
    if not connection.in_atomic_block:
        raise NoTransaction("a scope lasts as long as its transaction: begin one first")
    pairs = [part for pair in zip(SETTINGS, values, strict=True) for part in pair]
    with connection.cursor() as cursor:
        cursor.execute(_SWAP, [*SETTINGS, *pairs])
        return list(cursor.fetchone()[: len(SETTINGS)])
