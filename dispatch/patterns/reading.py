"""What the search for patterns and its back-test look at: planned stops, overrides, plans that were kept."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.fleet.models import Hub
from dispatch.manifests.models import Manifest, ManifestOverride, ManifestStop
from dispatch.patterns.cases import Case
from dispatch.planning.models import PlanRun


def cases_of(environment_id: int, hub: Hub, hub_ids: Collection[int], since: date, until: date) -> list[Case]:
    """Every stop planned at these hubs in [since, until], each once as it was before anybody touched it."""
    touched = overridden(environment_id, hub_ids, since, until)
    untouched = _planned(environment_id, hub, hub_ids, since, until, without=set(touched))
    return [*untouched, *touched.values()]


def overridden(
    environment_id: int, hub_ids: Collection[int], since: date, until: date
) -> dict[tuple[str, int], Case]:
    """The parcels that people moved, by parcel and day: the first override of each says how it had been planned.

    What was taken back, and the taking back, count as nothing; so does a parcel that nobody had before.
    """
    rows = ManifestOverride.objects.for_environment(environment_id).filter(
        hub__in=hub_ids, service_date__range=(since, until), undoes=None, undone_by=None
    )
    found: dict[tuple[str, int], Case] = {}
    for row in rows.order_by("created_at", "pk"):
        day = row.service_date.toordinal()
        for was, is_now in zip(row.before.get("moved", ()), row.after.get("moved", ()), strict=True):
            if was["driver"] is not None and was["longitude"] is not None:
                found.setdefault((was["shipment"], day), _overridden(row, day, was, is_now))
    return found


def _overridden(row: ManifestOverride, day: int, was: Mapping[str, Any], is_now: Mapping[str, Any]) -> Case:
    return Case(
        day, was["longitude"], was["latitude"], was["hour"], was["vehicle_type"], was["driver"],
        overridden=True, to_hour=is_now["hour"], to_vehicle_type=is_now["vehicle_type"],
        to_driver=is_now["driver"] or "", shipment=was["shipment"], override=row.public_id,
    )  # fmt: skip


def _planned(
    environment_id: int,
    hub: Hub,
    hub_ids: Collection[int],
    since: date,
    until: date,
    *,
    without: set[tuple[str, int]],
) -> list[Case]:
    zone = ZoneInfo(hub.timezone)
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        manifest__driver__hub__in=hub_ids, manifest__service_date__range=(since, until)
    )
    rows = rows.exclude(state=ManifestStop.State.REMOVED).exclude(manifest__state=Manifest.State.DRAFT)
    found = []
    for at, longitude, latitude, day, driver, kind, shipment in rows.values_list(
        "planned_arrival", "longitude", "latitude", "manifest__service_date", "manifest__driver__uid",
        "manifest__vehicle__type__key", "shipment__uid",
    ):  # fmt: skip
        name, number = f"shp_{shipment.hex}", day.toordinal()
        if (name, number) not in without:
            hour = at.astimezone(zone).hour
            # as coarse as overrides are kept
            place = (round(longitude, 3), round(latitude, 3))
            found.append(Case(number, *place, hour, kind or "", f"drv_{driver.hex}", shipment=name))
    return found


def plans_of(environment_id: int, hub_ids: Collection[int], since: date, most: int) -> list[PlanRun]:
    """Runs of which the problem was kept, the last of each hub and day, spread evenly over the time where many."""
    rows = PlanRun.objects.for_environment(environment_id).filter(
        hub__in=hub_ids,
        service_date__gte=since,
        state__in=(PlanRun.State.DONE, PlanRun.State.STOPPED),
        problem__isnull=False,
    )
    newest: dict[tuple[int, date], int] = {}
    for key, hub_id, day in rows.order_by("due_at").values_list("pk", "hub_id", "service_date"):
        newest[hub_id, day] = key
    keys = sorted(newest.values())
    if len(keys) > most:
        keys = [keys[round(n * (len(keys) - 1) / (most - 1))] for n in range(most)]
    return list(rows.filter(pk__in=keys).order_by("service_date", "pk"))


def hubs_with_overrides(environment_id: int, since: date) -> list[Hub]:
    """Hubs on whose board somebody moved something since."""
    rows = ManifestOverride.objects.for_environment(environment_id).filter(service_date__gte=since)
    keys = rows.values_list("hub", flat=True).distinct()
    return list(
        Hub.objects.for_environment(environment_id).filter(pk__in=keys, retired_at=None).order_by("pk")
    )
