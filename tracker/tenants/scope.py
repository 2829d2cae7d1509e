"""The third fence's key: says to PostgreSQL, for this transaction only, whose rows may be seen.

Row-level security policies compare each row with these settings (migration `fence_the_control_tables`).
They are transaction-local on purpose: with a connection pool a session-wide setting would follow the
connection into the next customer's request.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

SETTINGS = ("milepost.tenant_id", "milepost.environment_id", "milepost.user_id", "milepost.unscoped")


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
    if not connection.in_atomic_block:
        raise NoTransaction("a scope lasts as long as its transaction: begin one first")
    values = [str(tenant_id or ""), str(environment_id or ""), str(user_id or ""), unscoped]
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _ in SETTINGS)
        cursor.execute(
            f"SELECT {calls}", [part for pair in zip(SETTINGS, values, strict=True) for part in pair]
        )


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
        before = current()
        enter(tenant_id=tenant_id, environment_id=environment_id, user_id=user_id, unscoped=unscoped)
        yield
        _restore(before)


def current() -> list[str]:
    """The four settings as they stand, empty where unset."""
    with connection.cursor() as cursor:
        calls = ", ".join("coalesce(current_setting(%s, true), '')" for _ in SETTINGS)
        cursor.execute(f"SELECT {calls}", SETTINGS)
        return list(cursor.fetchone())


def _restore(values: list[str]) -> None:
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _ in SETTINGS)
        cursor.execute(
            f"SELECT {calls}", [part for pair in zip(SETTINGS, values, strict=True) for part in pair]
        )
