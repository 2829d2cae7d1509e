"""Who says what a customer may send: the app that sells plans, where there is one. It fills this in when it is ready.

Limits flow down as columns. What is asked here is asked when a customer or an environment is made, and when a page
names the plan: never by a door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.dispatch import Signal

# staff set limits on a page of the admin: row, fields (names of columns that changed), by
set_by_staff = Signal()


@dataclass(frozen=True)
class Granted:
    """A plan's name, and its limits by the columns of Tenant and Environment."""

    plan: str = ""
    tenant: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)


Source = Callable[[int | None], Granted]


class _Sources:
    """The one source there may be."""

    asked: Source | None = None


def ask(source: Source) -> None:
    """From now on `source` is asked: with a tenant's id, or None for a customer that is about to be made."""
    _Sources.asked = staticmethod(source)


def granted(tenant_id: int | None) -> Granted:
    """What the customer's plan gives; nothing where no plans are sold, and the columns' defaults hold."""
    return Granted() if _Sources.asked is None else _Sources.asked(tenant_id)
