"""Reads of the figures: a date for the whole tree, each hub with all below it; never without figures."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Count

from dispatch.fleet.models import Hub
from dispatch.fleet.sight import SightOfHubs
from dispatch.metrics.computing import Day
from dispatch.metrics.figures import Figures, added
from dispatch.metrics.models import HubDay
from dispatch.metrics.services import EVERY, NEVER, hubs_at_work, is_near, refresh_day
from tracker.tenants.models import Environment


@dataclass(frozen=True)
class HubFigures:
    """A hub in the tree, with its own figures and those of its whole subtree."""

    hub: Hub
    depth: int
    own: Figures
    total: Figures
    computed_at: datetime | None  # of the oldest part; None: nothing was planned there that day


def figures_of(
    environment: Environment, on: date, *, sight: SightOfHubs = None, now: datetime
) -> list[HubFigures]:
    """Every hub in sight, a parent before its children. A day that was never computed is computed here and now."""
    hubs = list(Hub.objects.for_environment(environment).select_related("parent").order_by("name", "pk"))
    if sight is not None:
        hubs = [hub for hub in hubs if hub.pk in sight]
    days = _days(environment, on, {hub.pk: hub for hub in hubs}, now=now)
    return _in_tree(hubs, days)


def figures_of_hub(hub: Hub, on: date, *, now: datetime) -> Figures:
    """One hub's own figures of a date."""
    found = _days(hub.environment_id, on, {hub.pk: hub}, now=now).get(hub.pk)
    return found[0] if found else Figures()


def _days(
    environment: Environment | int, on: date, hubs: Mapping[int, Hub], *, now: datetime
) -> dict[int, tuple[Figures, datetime]]:
    """Figures by hub, as they stand; those of hubs at work that are missing, or ten minutes old, are made."""
    rows = HubDay.objects.for_environment(environment).filter(service_date=on, hub_id__in=hubs)
    found = {
        row.hub_id: (msgspec.convert(row.figures, Figures), row.computed_at)
        for row in rows
        if row.computed_at > NEVER
    }
    wanted = hubs_at_work(environment, on, now=now) & hubs.keys()
    if is_near(on, now):  # no tick has looked: none runs, or nobody is sent out here
        wanted -= {hub_id for hub_id, (_, at) in found.items() if at > now - 2 * EVERY}
    else:
        wanted -= found.keys()
    for hub_id in sorted(wanted):
        found[hub_id] = (refresh_day(Day(hubs[hub_id], on), now=now, arrivals=False), now)
    return found


def _in_tree(hubs: Collection[Hub], days: Mapping[int, tuple[Figures, datetime]]) -> list[HubFigures]:
    shown = {hub.pk for hub in hubs}
    below: dict[int | None, list[Hub]] = defaultdict(list)
    for hub in hubs:
        # of a limited member's hubs some have a parent out of sight: they stand at the top
        below[hub.parent_id if hub.parent_id in shown else None].append(hub)
    found: list[HubFigures] = []

    def walk(hub: Hub, depth: int) -> tuple[Figures, datetime | None]:
        place = len(found)
        own, at = days.get(hub.pk, (Figures(), None))
        parts = [walk(child, depth + 1) for child in below[hub.pk]]
        total = added([own, *(part for part, _ in parts)])
        times = [one for one in (at, *(when for _, when in parts)) if one is not None]
        oldest = min(times, default=None)
        found.insert(place, HubFigures(hub, depth, own, total, oldest))
        return total, oldest

    for top in below[None]:
        walk(top, 0)
    return [one for one in found if one.hub.retired_at is None or one.computed_at is not None]


def whole(hubs: Collection[HubFigures]) -> Figures:
    """The sum over all of them, each counted once."""
    return added(one.own for one in hubs)


def usual_date(environment: Environment, *, sight: SightOfHubs = None, now: datetime) -> date:
    """The date it is where most of the hubs are; UTC's where there is none."""
    rows = Hub.objects.for_environment(environment).filter(retired_at=None)
    rows = rows if sight is None else rows.filter(pk__in=sight)
    zone = rows.values_list("timezone").annotate(count=Count("pk")).order_by("-count", "timezone").first()
    return now.astimezone(ZoneInfo(zone[0] if zone else "UTC")).date()
