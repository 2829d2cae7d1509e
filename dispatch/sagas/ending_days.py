"""Finds the hubs whose local day has ended with something on the road or due."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.fleet.models import Hub
from dispatch.manifests.models import Manifest
from dispatch.sagas.beginning import Beginning
from dispatch.sagas.day_facts import bounds
from dispatch.sagas.matters import FINAL
from dispatch.sagas.models import Saga
from dispatch.shipments.models import ShipmentState


def days_that_end(environment: int, ends_at: time, now: datetime) -> list[Beginning]:
    """Hubs whose local day has ended, where something was on the road or due; each day once."""
    ended: dict[int, tuple[Hub, date]] = {}
    for hub in Hub.objects.for_environment(environment).filter(retired_at=None):
        local = now.astimezone(ZoneInfo(hub.timezone))
        over = local.time() >= ends_at
        ended[hub.pk] = hub, local.date() if over else local.date() - timedelta(days=1)
    closed = _closed(environment, ended.values())
    left = {key: (hub, day) for key, (hub, day) in ended.items() if (hub.pk, day) not in closed}
    busy = _busy(environment, left)
    return [
        Beginning("end_of_day", hub.public_id, hub.pk, f"{hub.public_id} {day}", {"day": day.isoformat()})
        for key, (hub, day) in left.items()
        if key in busy
    ]


def _closed(environment: int, days: Iterable[tuple[Hub, date]]) -> set[tuple[int, date]]:
    names = {hub.public_id: hub.pk for hub, _ in days}
    rows = Saga.objects.for_environment(environment).filter(kind="end_of_day", subject__in=list(names))
    return {
        (names[subject], date.fromisoformat(str(data["day"])))
        for subject, data in rows.values_list("subject", "data")
    }


def _busy(environment: int, days: dict[int, tuple[Hub, date]]) -> set[int]:
    """Hubs with a route in somebody's hands that day, or a shipment that was due by its end."""
    if not days:
        return set()
    routes = Manifest.objects.for_environment(environment).filter(hub__in=list(days), version__gt=0)
    dates = {day for _, day in days.values()}
    found = {
        hub
        for hub, day in routes.filter(service_date__in=dates).values_list("hub", "service_date")
        if days[hub][1] == day
    }
    due = ShipmentState.objects.for_environment(environment).exclude(state__in=FINAL)
    for key, (hub, day) in days.items():
        if key not in found:
            begin_at, end_at = bounds(day, hub.timezone)
            if due.filter(hub=key, due_to__gte=begin_at, due_to__lt=end_at).exists():
                found.add(key)
    return found
