"""Reads a hub's day: what became of every shipment of its manifests, the cash of each driver, who is still out."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from dispatch.fleet.models import Hub
from dispatch.manifests.issuing import IN_FORCE, OPEN_STOPS
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.sagas.matters import FINAL, DayFacts, DriversCash, OpenRoute, OpenShipment
from dispatch.sagas.models import Saga
from dispatch.shipments.models import ShipmentState
from tracker.tenants.identifiers import parse_id, public_id


def day_facts(saga: Saga) -> DayFacts | None:
    """The hub's day; None where the hub is not there any more."""
    environment = saga.environment_id
    hub = Hub.objects.for_environment(environment).filter(uid=parse_id("hub", saga.subject)).first()
    if hub is None:
        return None
    day = date.fromisoformat(str(saga.data["day"]))
    states = shipments_of_day(hub, day)
    followed, carriers = _followed(environment), _carriers(hub, day)
    begin, _ = bounds(day, hub.timezone)
    ended: dict[str, int] = defaultdict(int)
    left: list[OpenShipment] = []
    for state in states:
        if state.state in FINAL:
            ended[state.state] += 1
            continue
        name = state.shipment.public_id
        left.append(
            OpenShipment(
                shipment=name,
                name=str(state.shipment),
                state=state.state,
                driver=state.driver.name if state.driver else carriers.get(state.shipment_id, ""),
                was_out=state.out_at is not None and state.out_at >= begin,
                in_saga=name in followed,
            )
        )
    return DayFacts(
        hub=saga.subject,
        name=hub.name,
        day=day,
        timezone=hub.timezone,
        ended=dict(ended),
        open=tuple(left),
        routes=_routes(hub, day),
        cash=_cash(states, *bounds(day, hub.timezone)),
        counted=saga.data.get("counted"),
    )


def bounds(day: date, timezone: str) -> tuple[datetime, datetime]:
    """A local day in UTC; 23 or 25 hours where the clock changes."""
    zone = ZoneInfo(timezone)
    begin = datetime.combine(day, time(), zone).astimezone(UTC)
    return begin, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def shipments_of_day(hub: Hub, day: date) -> list[ShipmentState]:
    """Those that were on a route of that day in somebody's hands, and those of the hub that were due by its end.

    A stop that was taken off counts where its shipment has gone out or is still open: it must be somewhere.
    """
    environment = hub.environment_id
    _, end = bounds(day, hub.timezone)
    stops = ManifestStop.objects.for_environment(environment).filter(
        manifest__hub=hub, manifest__service_date=day, manifest__version__gt=0
    )
    states = ShipmentState.objects.for_environment(environment).select_related("shipment", "driver")
    due = Q(hub=hub, due_to__lt=end) & ~Q(state__in=FINAL)
    rows = states.filter(Q(shipment__in=stops.values("shipment")) | due)
    return list(rows.order_by("shipment_id"))


def _routes(hub: Hub, day: date) -> tuple[OpenRoute, ...]:
    rows = Manifest.objects.for_environment(hub.environment_id).filter(
        hub=hub, service_date__lte=day, state__in=IN_FORCE
    )
    rows = rows.select_related("driver").annotate(left=Count("stops", filter=Q(stops__state__in=OPEN_STOPS)))
    return tuple(
        OpenRoute(row.public_id, row.driver.name, row.left, row.ends_at) for row in rows.order_by("pk")
    )


def _carriers(hub: Hub, day: date) -> dict[int, str]:
    """Who had a shipment on their route that day last, also after it was taken off."""
    stops = ManifestStop.objects.for_environment(hub.environment_id).filter(
        manifest__hub=hub, manifest__service_date=day, manifest__version__gt=0
    )
    return dict(stops.order_by("pk").values_list("shipment", "manifest__driver__name"))


def _followed(environment: int) -> set[str]:
    """Shipments that a saga of their own looks after."""
    rows = Saga.objects.for_environment(environment).filter(
        kind="failed_delivery", state__in=[Saga.State.OPEN, Saga.State.STUCK]
    )
    return set(rows.values_list("subject", flat=True))


def _cash(states: Iterable[ShipmentState], begin: datetime, end: datetime) -> tuple[DriversCash, ...]:
    """By driver and currency: of what was delivered that day, what was to be collected and what was."""
    sums: dict[tuple[Any, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for state in states:
        delivered = state.delivered_at
        if delivered is None or not begin <= delivered < end or state.driver is None:
            continue
        if state.cash_minor or state.cash_collected_minor:
            both = sums[state.driver.uid, state.driver.name, state.currency]
            both[0] += state.cash_minor
            both[1] += state.cash_collected_minor
    return tuple(
        DriversCash(public_id("drv", uid), name, currency, expected, collected)
        for (uid, name, currency), (expected, collected) in sorted(sums.items(), key=lambda one: one[0][1])
    )
