"""The list of shipments as a person narrows it: by state, hub, day and text; and how many there are of each state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from dispatch.fleet.models import Hub
from dispatch.fleet.selectors import hubs_of
from dispatch.fleet.sight import SightOfHubs, narrowed
from dispatch.fleet.tree import descendants
from dispatch.intake.delivering import UTC, zone_named
from dispatch.shipments import selectors
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.references import reference_in
from dispatch.shipments.state import ENDED
from tracker.tenants.models import Environment

OPEN, DOUBTFUL, ALL = "open", "doubtful", "all"
RECENTLY = timedelta(days=1)  # of what has ended, as it is counted
SEARCHED = timedelta(days=60)  # in which names and addresses are looked for; ids are looked for in all
LONGEST_TEXT = 200


@dataclass(frozen=True)
class Wish:
    """What a person wants to see."""

    show: str = OPEN  # open, doubtful, all, or a state
    hub: Hub | None = None
    day: date | None = None
    text: str = ""


def wish_of(query: Mapping[str, str], hubs: Sequence[Hub]) -> Wish:
    """The wish in a page's query; what makes no sense is left out, for a person may type into the address."""
    show = query.get("show", OPEN)
    states = {OPEN, DOUBTFUL, ALL, *ShipmentState.State.values}
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    wanted = query.get("hub", "")
    return Wish(
        show=show if show in states else OPEN,
        hub=next((hub for hub in hubs if hub.public_id == wanted), None),
        day=day,
        text=query.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT],
    )


def visible_hubs(environment: Environment, sight: SightOfHubs) -> list[Hub]:
    """The hubs a member may choose from."""
    return list(narrowed(hubs_of(environment), sight).order_by("name", "pk"))


def listed(
    environment: Environment, sight: SightOfHubs, wish: Wish, *, now: datetime
) -> QuerySet[ShipmentState]:
    """The shipments of a wish."""
    rows = _of_hub_and_day(environment, sight, wish)
    rows = _searched(rows, wish.text, now)
    if wish.show == OPEN:
        return rows.filter(ended_at=None)
    if wish.show == DOUBTFUL:
        return rows.filter(place_doubtful=True, ended_at=None)
    return rows if wish.show == ALL else rows.filter(state=wish.show)


def counts(environment: Environment, sight: SightOfHubs, wish: Wish, *, now: datetime) -> dict[str, int]:
    """How many there are of each state, of the hub and day of the wish; of what ended, that of the last day where no
    day is named. With `open` and `doubtful` beside the states."""
    rows = _of_hub_and_day(environment, sight, wish)
    if wish.day is None:
        rows = rows.filter(Q(ended_at=None) | Q(changed_at__gte=now - RECENTLY))
    plain = rows.select_related(None).order_by()
    found = dict(plain.values_list("state").annotate(held=Count("shipment_id")))
    found[OPEN] = sum(held for state, held in found.items() if state not in ENDED)
    found[DOUBTFUL] = plain.filter(place_doubtful=True, ended_at=None).count()
    return found


def zone_of(hub: Hub | None, hubs: Sequence[Hub]) -> ZoneInfo:
    """On whose clock times are shown: the hub's, the one that all hubs share, or UTC."""
    if hub is not None:
        return zone_named(hub.timezone)
    names = {one.timezone for one in hubs}
    return zone_named(names.pop()) if len(names) == 1 else UTC


def _of_hub_and_day(environment: Environment, sight: SightOfHubs, wish: Wish) -> QuerySet[ShipmentState]:
    rows = selectors.states(environment, hubs=sight)
    if wish.hub is not None:
        rows = rows.filter(hub_id__in=descendants(environment, wish.hub.pk))
    if wish.day is not None:
        zone = zone_of(wish.hub, list(hubs_of(environment)))
        begin = datetime.combine(wish.day, time(0), zone)
        end = datetime.combine(wish.day + timedelta(days=1), time(0), zone)
        rows = rows.filter(due_to__gt=begin, due_from__lt=end)
    return rows


def _searched(rows: QuerySet[ShipmentState], text: str, now: datetime) -> QuerySet[ShipmentState]:
    if not text:
        return rows
    named = reference_in(text)
    if named is not None and "uid" in named:
        return rows.filter(shipment__uid=named["uid"])
    exact = rows.filter(shipment__external_id=text)
    if exact.exists():
        return exact
    recent = rows.filter(created_at__gte=now - SEARCHED)
    return recent.filter(
        Q(shipment__external_id__startswith=text)
        | Q(recipient__icontains=text)
        | Q(address__icontains=text)
        | Q(phone__icontains=text)
    )
