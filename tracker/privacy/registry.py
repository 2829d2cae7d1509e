"""Which tables hold a customer's rows, in which order they can be emptied, and what is said of each.

Every model that names a tenant or an environment belongs here without anybody writing it down, so that a new table is
exported and erased from its first day. What differs is declared, with the reason: by this app in `declared.py`, by the
apps above it when they are ready.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from tracker.tenants.fences import ScopedManager

SECRET_WORDS = ("token", "secret", "sha256", "password", "hash", "salt")


@dataclass(frozen=True)
class Kept:
    """Rows that an erasure leaves, and until when."""

    why: str
    until: str
    live_only: bool = False  # what is never billed need not be kept


@dataclass(frozen=True)
class Table:
    """A table with rows of customers."""

    model: type[models.Model]
    owner: str  # tenant_id or environment_id
    device: str  # the column that names a device, or ""

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def name(self) -> str:
        """In the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> list[str]:
        """The columns of its primary key."""
        return [str(field.column) for field in self.model._meta.pk_fields]

    @property
    def kept(self) -> Kept | None:
        """Why an erasure leaves it, None where it does not."""
        return _kept.get(self.label)

    def stays(self, *, test: bool) -> bool:
        """Whether an erasure of a test or a live environment, or of a tenant, leaves it."""
        return self.kept is not None and not (test and self.kept.live_only)

    @property
    def left_out(self) -> str:
        """Why no export has it, empty where exports do."""
        return _left_out.get(self.label, "")

    @property
    def by_hook(self) -> bool:
        """Whether a hook empties it, since nobody has a right to."""
        return self.label in _by_hook

    @property
    def lets_go_of_devices(self) -> bool:
        """Whether its rows mean something without their device."""
        return any(
            isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.SET_NULL
            for field in self.model._meta.local_fields
            if str(field.column) == self.device
        )

    def columns(self) -> list[str]:
        """What of it is exported: no credential, no digest of one, nothing that only we can read."""
        return [
            str(field.column)
            for field in self.model._meta.local_fields
            if field.column
            and not isinstance(field, models.BinaryField)
            and not any(word in str(field.column) for word in SECRET_WORDS)
            and (self.label, str(field.column)) not in _hidden
        ]


Hook = Callable[[int], Any]
DeviceHook = Callable[[int, int, str], dict[str, int]]

_kept: dict[str, Kept] = {}
_left_out: dict[str, str] = {}
_hidden: dict[tuple[str, str], str] = {}
_by_hook: set[str] = set()
environment_hooks: list[
    Hook
] = []  # called with an environment's number, before its tables are emptied; repeatable
tenant_hooks: list[Hook] = []  # the same with a tenant's number, before the tables of whole tenants
device_hooks: list[DeviceHook] = []  # environment, device, external id; repeatable; what went, by table


def keep(label: str, why: str, until: str, *, live_only: bool = False) -> None:
    """An erasure leaves this table, for this reason, until then; of test environments too, unless said otherwise."""
    _kept[label] = Kept(why, until, live_only)


def leave_out(label: str, why: str) -> None:
    """No export has this table."""
    _left_out[label] = why


def hide(label: str, column: str, why: str) -> None:
    """No export has this column."""
    _hidden[label, column] = why


def emptied_by_hook(label: str) -> None:
    """One of the environment hooks empties this table; no statement of ours touches it."""
    _by_hook.add(label)


def kept_tables() -> list[tuple[str, Kept]]:
    """What stays after an erasure, for people to read: of tables that this installation has."""
    there = {model._meta.label: str(model._meta.verbose_name) for model in apps.get_models()}
    return [(there[label], kept) for label, kept in sorted(_kept.items()) if label in there]


def tables() -> list[Table]:
    """All of them, those first that others do not refer to."""
    return list(_ordered()[0])


def knots() -> list[tuple[Table, str]]:
    """Columns that must be emptied first, since their tables refer to each other in a ring."""
    return list(_ordered()[1])


@cache
def _ordered() -> tuple[tuple[Table, ...], tuple[tuple[Table, str], ...]]:
    found = {table.model: table for table in _all()}
    refers = {
        model: {
            (str(field.column), field.null, field.related_model)
            for field in model._meta.local_fields
            if field.is_relation and field.related_model in found and field.related_model is not model
        }
        for model in found
    }
    order: list[Table] = []
    cut: list[tuple[Table, str]] = []
    while refers:
        wanted = {target for links in refers.values() for _, _, target in links}
        if free := [model for model in refers if model not in wanted]:
            for model in sorted(free, key=lambda m: m._meta.label):
                order.append(found[model])
                del refers[model]
            continue
        cut.append(_cut_a_ring(refers, found))
    return tuple(order), tuple(cut)


def _cut_a_ring(refers: dict[Any, set[Any]], found: dict[Any, Table]) -> tuple[Table, str]:
    """Forget one reference that may be null and lies on a ring. Raises LookupError where there is none."""
    for model in sorted(refers, key=lambda m: m._meta.label):
        for link in sorted(refers[model], key=lambda one: one[0]):
            if link[1] and model in _reachable(link[2], refers):
                refers[model].discard(link)
                return found[model], link[0]
    raise LookupError("tables refer to each other in a ring in which nothing may be null")


def _reachable(start: Any, refers: dict[Any, set[Any]]) -> set[Any]:
    seen: set[Any] = set()
    ahead = [start]
    while ahead:
        model = ahead.pop()
        if model not in seen:
            seen.add(model)
            ahead += [target for _, _, target in refers.get(model, ())]
    return seen


def _all() -> Iterable[Table]:
    for model in apps.get_models():
        columns = {str(field.column) for field in model._meta.local_fields}
        manager = model._default_manager
        named = f"{manager.owner}_id" if isinstance(manager, ScopedManager) else ""
        owner = next((name for name in (named, "environment_id", "tenant_id") if name in columns), "")
        if owner and model._meta.label != "tracker.Environment" and model._meta.managed:
            device = "device_id" if "device_id" in columns else ""
            yield Table(model, owner, device)


def inbound(target: type[models.Model]) -> list[tuple[Table, Any]]:
    """References to rows of environments from tables that belong to whole tenants and are not kept."""
    return [
        (table, field)
        for table in tables()
        if table.owner == "tenant_id" and table.kept is None and not table.by_hook
        for field in table.model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is target
    ]
