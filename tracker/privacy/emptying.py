"""Empties a table of one owner, a batch at a time; each batch is a transaction, and any two may be days apart."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from tracker.privacy.registry import Table, inbound
from tracker.tenants import scope
from tracker.tenants.models import Environment

BATCH = 5_000
WHY = "an erasure was ordered"


def empty_batch(table: Table, owner: int, *, most: int = BATCH) -> int:
    """Delete up to `most` rows of one owner that nothing in the same table refers to; how many went.

    What staff did to them stays in the admin's log, but no longer under their names.
    """
    key = ", ".join(f'"{column}"' for column in table.key)
    # names of our own tables and columns; values are parameters
    chosen = f'SELECT {key} FROM "{table.name}" t WHERE "{table.owner}" = %s'  # noqa: S608
    for column, target in _inward(table):
        chosen += f' AND NOT EXISTS (SELECT 1 FROM "{table.name}" c WHERE c."{column}" = t."{target}")'  # noqa: S608
    delete = f'DELETE FROM "{table.name}" WHERE ({key}) IN ({chosen} LIMIT %s)'  # noqa: S608 names of our own tables
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        if len(table.key) > 1 or not _is_in_the_log(table.model):
            cursor.execute(delete, [owner, most])
            return int(cursor.rowcount)
        cursor.execute(f"{delete} RETURNING {key}", [owner, most])
        gone = [str(row[0]) for row in cursor.fetchall()]
        unname_in_the_log(table.model, gone)
        return len(gone)


def untie(table: Table, column: str, owner: int) -> None:
    """Let go of references that run in a ring."""
    # names of our own tables
    statement = (
        f'UPDATE "{table.name}" SET "{column}" = NULL WHERE "{table.owner}" = %s AND "{column}" IS NOT NULL'  # noqa: S608
    )
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(statement, [owner])


def let_go(target: type[models.Model], environment_id: int) -> None:
    """What belongs to the whole organisation lets go of an environment's rows: set to nothing, or deleted with them."""
    own = "id" if target is Environment else "environment_id"
    for table, field in inbound(target):
        pointed = f'SELECT "{field.target_field.column}" FROM "{target._meta.db_table}" WHERE "{own}" = %s'  # noqa: S608 ours
        statement = f'DELETE FROM "{table.name}"'  # noqa: S608 names of our own tables
        if field.null:
            statement = f'UPDATE "{table.name}" SET "{field.column}" = NULL'  # noqa: S608 the same
        with scope.scope(unscoped=WHY), connection.cursor() as cursor:
            cursor.execute(f'{statement} WHERE "{field.column}" IN ({pointed})', [environment_id])


def has_rows(table: Table, owner: int) -> bool:
    """Whether anything of that owner is left in it."""
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        query = f'SELECT EXISTS (SELECT 1 FROM "{table.name}" WHERE "{table.owner}" = %s)'  # noqa: S608 the same
        cursor.execute(query, [owner])
        return bool(cursor.fetchone()[0])


def unname_in_the_log(model: type[models.Model], keys: list[str]) -> None:
    """The admin's log goes on saying that something was done, no longer to what."""
    kind = ContentType.objects.get_for_model(model)
    rows = LogEntry.objects.filter(content_type=kind, object_id__in=keys)
    rows.update(object_repr="erased", change_message="")


def _is_in_the_log(model: type[models.Model]) -> bool:
    kind: Any = ContentType.objects.get_for_model(model)
    return LogEntry.objects.filter(content_type=kind).exists()


def _inward(table: Table) -> list[tuple[str, str]]:
    """References from a table to itself: column, and the column it points to."""
    return [
        (str(field.column), str(field.target_field.column))
        for field in table.model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is table.model
    ]
