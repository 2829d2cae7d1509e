"""Reads of the tree of hubs, each one recursive query: what is below, what is above, and sums over whole subtrees.

Every common table expression is joined to a query that names its environment: built by itself it would begin with the
model's manager, which refuses a query without an owner.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django_cte import CTE, with_cte

from dispatch.fleet.models import Driver, Hub
from dispatch.fleet.rota import working
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.models import ShipmentState
from tracker.tenants.models import Environment

IN_FORCE = (Manifest.State.RELEASED, Manifest.State.ACKNOWLEDGED, Manifest.State.IN_PROGRESS)
OPEN_STOPS = (ManifestStop.State.PLANNED, ManifestStop.State.ARRIVED)
ENDED = (
    ShipmentState.State.DELIVERED,
    ShipmentState.State.RETURNED,
    ShipmentState.State.CANCELLED,
    ShipmentState.State.LOST,
)
RECENT = timedelta(hours=24)  # of shipments whose life is over, those that ended since then are counted


@dataclass
class Totals:
    """What is in a hub and everything below it."""

    shipments: dict[str, int] = field(default_factory=dict)  # by state; without those that ended a day ago
    drivers: int = 0
    on_shift: int = 0
    late_stops: int = 0

    @property
    def shipments_open(self) -> int:
        """Shipments that something must still happen to."""
        return sum(count for state, count in self.shipments.items() if state not in ENDED)


def descendants(environment: Environment | int, hub_id: int) -> list[int]:
    """The hub itself and every hub below it, the nearest first; none where there is no such hub."""
    return below(environment, [hub_id])


def below(environment: Environment | int, hub_ids: Collection[int]) -> list[int]:
    """These hubs and every hub below one of them, each once, the nearest first."""
    if not hub_ids:
        return []
    rows = Hub.objects.for_environment(environment)

    def step(tree: CTE) -> QuerySet[Hub, Any]:
        first = rows.filter(pk__in=list(hub_ids)).values(
            hub=F("pk"), depth=Value(0, output_field=IntegerField())
        )
        further = tree.join(rows, parent=tree.col.hub).values(hub=F("pk"), depth=tree.col.depth + Value(1))
        return first.union(further, all=True)

    tree = CTE.recursive(step, name="below")
    found = with_cte(tree, select=tree.join(rows, pk=tree.col.hub)).annotate(depth=tree.col.depth)
    return list(dict.fromkeys(found.order_by("depth", "name", "pk").values_list("pk", flat=True)))


def ancestors(environment: Environment | int, hub_id: int) -> list[int]:
    """The hubs above a hub, its parent first, the root last."""
    rows = Hub.objects.for_environment(environment)

    def step(tree: CTE) -> QuerySet[Hub, Any]:
        first = rows.filter(pk=hub_id).values(
            hub=F("pk"), above=F("parent_id"), height=Value(0, output_field=IntegerField())
        )
        further = tree.join(rows, pk=tree.col.above).values(
            hub=F("pk"), above=F("parent_id"), height=tree.col.height + Value(1)
        )
        return first.union(further, all=True)

    tree = CTE.recursive(step, name="above")
    found = with_cte(tree, select=tree.join(rows, pk=tree.col.hub)).annotate(height=tree.col.height)
    return list(found.filter(height__gt=0).order_by("height").values_list("pk", flat=True))


def subtree_totals(environment: Environment | int, *, now: datetime) -> dict[int, Totals]:
    """For every hub, what it and all below it hold: two recursive queries and the drivers' hours."""
    totals = {pk: Totals() for pk in Hub.objects.for_environment(environment).values_list("pk", flat=True)}
    for hub_id, state, count in _shipments(environment, now):
        totals[hub_id].shipments[state] = count
    for hub_id, drivers, late in _drivers_and_late_stops(environment, now):
        totals[hub_id].drivers, totals[hub_id].late_stops = drivers, late
    parents = dict(Hub.objects.for_environment(environment).values_list("pk", "parent_id"))
    for driver in working(environment, now=now):
        for hub_id in _upwards(driver.hub_id, parents):
            totals[hub_id].on_shift += 1
    return totals


def late_stops(environment: Environment | int, *, now: datetime) -> QuerySet[ManifestStop]:
    """Stops of manifests in force that are to come and will be, or are already, after their slot."""
    rows = ManifestStop.objects.for_environment(environment).filter(
        manifest__state__in=IN_FORCE, state__in=OPEN_STOPS
    )
    due = Coalesce("arrived_at", "eta_at", "planned_arrival")
    return rows.annotate(reckoned=due).filter(
        Q(reckoned__gt=F("slot_to")) | Q(slot_to__lt=now, arrived_at=None)
    )


def _closure(environment: Environment | int) -> CTE:
    """Each hub with itself and every hub above it."""
    rows = Hub.objects.for_environment(environment)

    def step(tree: CTE) -> QuerySet[Hub, Any]:
        first = rows.values(root=F("pk"), hub=F("pk"))
        further = tree.join(rows, parent=tree.col.hub).values(root=tree.col.root, hub=F("pk"))
        return first.union(further, all=True)

    return CTE.recursive(step, name="closure")


def _shipments(environment: Environment | int, now: datetime) -> Iterable[tuple[int, str, int]]:
    """(hub, state, how many) over whole subtrees: counted by hub first, so that each shipment is looked at once."""
    states = ShipmentState.objects.for_environment(environment).exclude(hub=None)
    states = states.filter(~Q(state__in=ENDED) | Q(changed_at__gte=now - RECENT))
    held = CTE(states.values("hub_id", "state").annotate(held=Count("pk")), name="held")
    closure = _closure(environment)
    rows = held.join(
        closure.join(Hub.objects.for_environment(environment), pk=closure.col.hub), pk=held.col.hub_id
    )
    rows = with_cte(closure, held, select=rows).annotate(root=closure.col.root, held_state=held.col.state)
    sums: Any = rows.values("root", "held_state").annotate(count=Sum(held.col.held))
    found: Iterable[tuple[int, str, int]] = sums.values_list("root", "held_state", "count")
    return found


def _drivers_and_late_stops(environment: Environment | int, now: datetime) -> Iterable[tuple[int, int, int]]:
    """(hub, drivers, late stops) over whole subtrees."""
    drivers = Driver.objects.for_environment(environment).filter(retired_at=None)
    people = CTE(drivers.values("hub_id").annotate(held=Count("pk")), name="people")
    late = CTE(
        late_stops(environment, now=now)
        .values("manifest__hub_id")
        .annotate(hub_id=F("manifest__hub_id"), held=Count("pk"))
        .values("hub_id", "held"),
        name="late",
    )
    closure = _closure(environment)
    rows = closure.join(Hub.objects.for_environment(environment), pk=closure.col.hub)
    rows = people.join(rows, pk=people.col.hub_id, _join_type="LEFT OUTER JOIN")
    rows = late.join(rows, pk=late.col.hub_id, _join_type="LEFT OUTER JOIN")
    rows = with_cte(closure, people, late, select=rows).annotate(root=closure.col.root)
    sums: Any = rows.values("root").annotate(
        people=Coalesce(Sum(people.col.held), 0), late=Coalesce(Sum(late.col.held), 0)
    )
    found: Iterable[tuple[int, int, int]] = sums.values_list("root", "people", "late")
    return found


def _upwards(hub_id: int, parents: Mapping[int, int | None]) -> Iterable[int]:
    here: int | None = hub_id
    while here is not None:
        yield here
        here = parents.get(here)
