"""Reads of patterns: those in force as constraints, and those to decide on."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from dispatch.fleet.sight import SightOfHubs
from dispatch.fleet.tree import ancestors
from dispatch.manifests.models import OverridePattern
from dispatch.patterns.constraints import Constraint, constraint_from
from tracker.tenants.identifiers import BadIdentifier, parse_id

State = OverridePattern.State


def constraints_in_force(environment_id: int, hub_id: int) -> list[Constraint]:
    """What people accepted for this hub and the hubs above it, as rules for the optimiser."""
    rows = OverridePattern.objects.for_environment(environment_id).filter(
        hub__in=[hub_id, *ancestors(environment_id, hub_id)], state=State.ACCEPTED
    )
    return [constraint_from(kept) for kept in rows.order_by("pk").values_list("constraint", flat=True)]


def patterns_of(environment_id: int, sight: SightOfHubs) -> QuerySet[OverridePattern]:
    """All patterns in sight: to decide on first, then in force, then over; the newest first."""
    rank = Case(
        When(state=State.PROPOSED, then=Value(0)), When(state=State.ACCEPTED, then=Value(1)),
        default=Value(2), output_field=IntegerField(),
    )  # fmt: skip
    rows = OverridePattern.objects.for_environment(environment_id)
    if sight is not None:
        rows = rows.filter(hub__in=sight)
    return rows.select_related("hub", "decided_by").order_by(rank, "-created_at", "-pk")


def pattern_of(environment_id: int, public_id: str, sight: SightOfHubs) -> OverridePattern | None:
    """The pattern with that id; None where there is none in sight."""
    try:
        uid = parse_id("pat", public_id)
    except BadIdentifier:
        return None
    return patterns_of(environment_id, sight).filter(uid=uid).first()
