"""Writes on storms that people ask for: lifting one before it ends by itself."""

from datetime import datetime

from billing.storms import telling
from billing.storms.models import Storm
from tracker.audit.services import Actor, note
from tracker.tenants import scope
from tracker.tenants.models import User


class AlreadyOver(Exception):
    """The storm ended before it could be lifted."""


class NoReason(ValueError):
    """Lifting needs a reason."""


def lift(storm: Storm, *, by: User, reason: str, now: datetime) -> None:
    """End it now; doors let its registrations through again within some seconds, and it is not recognised again
    for ten minutes. Raises AlreadyOver, NoReason.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise NoReason("Say why it is lifted: the customer and your colleagues will read it.")
    with scope.scope(unscoped="staff lift any customer's storm"):
        rows = Storm.objects.unscoped("staff lift any customer's storm").filter(pk=storm.pk, ended_at=None)
        if not rows.update(ended_at=now, lifted_because=reason):
            raise AlreadyOver("This storm is over already.")
        storm.refresh_from_db(from_queryset=Storm.objects.for_environment(storm.environment_id))
        note(
            Actor(f"staff {by.email}", by),
            "storm.lift",
            storm.public_id,
            {"ended_at": None},
            {"ended_at": now.isoformat(), "reason": reason},
            tenant=storm.environment.tenant_id,
            environment=storm.environment,
        )
        telling.record_ended(storm, now)
