"""Reads of the audit log."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet

from tracker.audit.models import AuditEntry


@dataclass(frozen=True)
class Narrowing:
    """Which entries are wanted; empty means all. Days are UTC, both included."""

    actor: str = ""
    action: str = ""
    target: str = ""
    first: date | None = None
    last: date | None = None


def entries_of(tenant_id: int, wanted: Narrowing) -> QuerySet[AuditEntry]:
    """The entries of a tenant."""
    rows = AuditEntry.objects.for_tenant(tenant_id).select_related("environment")
    if wanted.actor:
        rows = rows.filter(actor__icontains=wanted.actor)
    if wanted.action:
        rows = rows.filter(action__istartswith=wanted.action)
    if wanted.target:
        rows = rows.filter(target__icontains=wanted.target)
    if wanted.first:
        rows = rows.filter(at__gte=datetime.combine(wanted.first, time(), UTC))
    if wanted.last and wanted.last < date.max:
        rows = rows.filter(at__lt=datetime.combine(wanted.last + timedelta(days=1), time(), UTC))
    return rows


def changes_in(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """(field, before, after) of what differs, as words."""
    before, after = entry.before or {}, entry.after or {}
    names = dict.fromkeys([*before, *after])
    return [
        (name, _words(before.get(name)), _words(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _words(value: object) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    return str(value)
