"""Reads for the board: a hub's day as one document, drawn by the page and by nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from dispatch.fleet.hours import instant
from dispatch.fleet.models import Driver, Hub
from dispatch.fleet.selectors import DriverOnShift, last_places, on_shift
from dispatch.fleet.sight import SightOfHubs, narrowed
from dispatch.fleet.tree import descendants
from dispatch.manifests.board_stops import Ms, ms, stops_by_manifest
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestOverride, ManifestStop
from dispatch.planning.crews import one_each
from dispatch.planning.models import PlanRun
from dispatch.planning.windows import day_ends, local_day
from dispatch.shipments.models import ShipmentState
from tracker.tenants.models import Environment

MOST_IN_TRAY = 300
MOST_OVERRIDES = 30
HOUR_MS = 3_600_000
WAITING = (ShipmentState.State.CREATED, ShipmentState.State.READY, ShipmentState.State.ASSIGNED)


@dataclass(frozen=True)
class Day:
    """Which day of which hub, and everything below it."""

    environment: Environment
    hub: Hub
    date: date
    hub_ids: list[int]
    now: datetime

    @property
    def begins(self) -> datetime:
        return instant(self.date, time(0), ZoneInfo(self.hub.timezone))

    @property
    def ends(self) -> datetime:
        return day_ends(self.date, self.hub.timezone)


def day_of(environment: Environment, hub: Hub, wanted: date | None, *, now: datetime) -> Day:
    """That day of the hub; its own today where none is named."""
    day = wanted or local_day(now, hub.timezone)
    return Day(environment, hub, day, descendants(environment, hub.pk), now)


def hubs_of(environment: Environment, sight: SightOfHubs) -> QuerySet[Hub]:
    """Hubs whose board may be opened, by name."""
    rows = Hub.objects.for_environment(environment).filter(retired_at=None)
    return narrowed(rows, sight).order_by("name", "pk")


def document(day: Day) -> dict[str, Any]:
    """Everything the board shows, times in epoch milliseconds. A dozen queries, however many drivers there are."""
    manifests = _manifests(day)
    stops = stops_by_manifest(day.environment.pk, manifests.values(), now=day.now)
    crew = {on.driver.pk: on for on in one_each(on_shift(day.environment, day.hub_ids, day.begins, day.ends))}
    drivers = _drivers(day, set(crew) | set(manifests))
    places = last_places(day.environment, [driver.pk for driver in drivers], now=day.now)
    rows = []
    for driver in drivers:
        manifest = manifests.get(driver.pk)
        position = places.get(driver.pk)
        rows.append(
            _driver(driver, crew.get(driver.pk), manifest, stops.get(manifest.pk, []) if manifest else [])
            | {
                "position": None
                if position is None
                else {
                    "longitude": position.longitude,
                    "latitude": position.latitude,
                    "age_s": round(position.age_s),
                }
            }
        )
    return {
        "hub": {
            "id": day.hub.public_id, "name": day.hub.name,
            "longitude": day.hub.longitude, "latitude": day.hub.latitude,
        },
        "date": day.date.isoformat(),
        "timezone": day.hub.timezone,
        "now": ms(day.now),
        "range": _range(day, rows),
        "drivers": rows,
        "tray": tray(day),
        "overrides": recent(day),
    }  # fmt: skip


def _manifests(day: Day) -> dict[int, Manifest]:
    """The manifest each driver goes by: in force, else the draft, else what is over. By row number of the driver."""
    rows = Manifest.objects.for_environment(day.environment).filter(
        driver__hub__in=day.hub_ids, service_date=day.date
    )
    rows = rows.exclude(state=Manifest.State.CANCELLED).select_related("vehicle__type")
    rank = {Manifest.State.DRAFT: 1, Manifest.State.DONE: 0}
    found: dict[int, Manifest] = {}
    for manifest in rows.order_by("pk"):
        known = found.get(manifest.driver_id)
        if known is None or rank.get(Manifest.State(manifest.state), 2) >= rank.get(
            Manifest.State(known.state), 2
        ):
            found[manifest.driver_id] = manifest
    return found


def _drivers(day: Day, keys: set[int]) -> list[Driver]:
    rows = Driver.objects.for_environment(day.environment).filter(pk__in=keys)
    return list(rows.order_by("name", "pk"))


def _driver(
    driver: Driver, on: DriverOnShift | None, manifest: Manifest | None, stops: list[dict[str, Any]]
) -> dict[str, Any]:
    kind = on.vehicle_type if on else None
    if kind is None and manifest is not None and manifest.vehicle is not None:
        kind = manifest.vehicle.type
    return {
        "id": driver.public_id,
        "name": driver.name,
        "kind": kind.name if kind else "",
        "shift": [ms(on.start), ms(on.end)] if on else None,
        "breaks": [[ms(rest.earliest), ms(rest.latest), rest.duration_s] for rest in on.breaks] if on else [],
        "manifest": manifest.public_id if manifest and manifest.state in _CHANGEABLE else None,
        "state": manifest.state if manifest else "",
        "draft": bool(manifest and manifest.state == Manifest.State.DRAFT),
        "revision": manifest.revision if manifest else 0,
        "version": manifest.version if manifest else 0,
        "distance_m": round(manifest.distance_m) if manifest else 0,
        "flags": [{"reason": str(flag.get("reason", ""))} for flag in manifest.flags] if manifest else [],
        "stops": stops,
    }


_CHANGEABLE = (Manifest.State.DRAFT, *IN_FORCE)


def _range(day: Day, rows: Sequence[Mapping[str, Any]]) -> list[Ms]:
    """From the first shift or stop to the last, to full hours; working hours where there is neither."""
    begins = [row["shift"][0] for row in rows if row["shift"]]
    ends = [row["shift"][1] for row in rows if row["shift"]]
    begins += [row["stops"][0]["at"] for row in rows if row["stops"]]
    ends += [row["stops"][-1]["until"] for row in rows if row["stops"]]
    if not begins:
        return [ms(day.begins + timedelta(hours=8)), ms(day.begins + timedelta(hours=20))]
    first, last = max(min(begins), ms(day.begins) - 6 * HOUR_MS), min(max(ends), ms(day.ends) + 6 * HOUR_MS)
    midnight = ms(day.begins)  # full hours of the hub: Pune's begin half an hour off those of UTC
    hours = (first - midnight) // HOUR_MS, -(-(max(last, first + HOUR_MS) - midnight) // HOUR_MS)
    return [midnight + hours[0] * HOUR_MS, midnight + hours[1] * HOUR_MS]


def tray(day: Day) -> list[dict[str, Any]]:
    """Parcels of the day that nobody has, most important first, each with what the last plan said of it."""
    held = ManifestStop.objects.for_environment(day.environment).filter(
        manifest__state__in=_CHANGEABLE,
        state__in=(ManifestStop.State.PLANNED, ManifestStop.State.ARRIVED),
    )
    rows = ShipmentState.objects.for_environment(day.environment).filter(
        Q(due_from=None) | Q(due_from__lt=day.ends),
        Q(not_before=None) | Q(not_before__lt=day.ends),
        hub__in=day.hub_ids,
        state__in=WAITING,
    )
    rows = rows.exclude(pk__in=held.values("shipment")).select_related("shipment")
    said = _why_not(day)
    return [_in_tray(row, said) for row in rows.order_by("-priority", "due_to", "pk")[:MOST_IN_TRAY]]


def _in_tray(row: ShipmentState, said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    why = said.get(row.shipment.public_id, {})
    slot = [ms(row.due_from), ms(row.due_to)] if row.due_from and row.due_to else None
    return {
        "shipment": row.shipment.public_id,
        "name": str(row.shipment),
        "address": row.address,
        "longitude": row.longitude,
        "latitude": row.latitude,
        "doubtful": row.place_doubtful,
        "slot": slot,
        "priority": row.priority,
        "reasons": [one["text"] for one in why.get("reasons", [])] or ["No plan was made since it came."],
        "changes": [one["text"] for one in why.get("changes", [])],
    }


def _why_not(day: Day) -> dict[str, Mapping[str, Any]]:
    """What the newest runs of these hubs said of parcels they left out."""
    rows = PlanRun.objects.for_environment(day.environment).filter(
        hub__in=day.hub_ids, service_date=day.date, state__in=(PlanRun.State.DONE, PlanRun.State.STOPPED)
    )
    found: dict[str, Mapping[str, Any]] = {}
    for unserved in rows.order_by("finished_at").values_list("unserved", flat=True):
        found.update({one["shipment"]: one for one in unserved})
    return found


def recent(day: Day) -> list[dict[str, Any]]:
    """The day's overrides, newest first."""
    rows = ManifestOverride.objects.for_environment(day.environment).filter(
        hub__in=day.hub_ids, service_date=day.date
    )
    newest = list(rows.select_related("undoes").order_by("-created_at", "-pk")[:MOST_OVERRIDES])
    undone = {row.undoes_id: str(row.author.get("name", "")) or "somebody" for row in newest if row.undoes_id}
    return [
        {
            "id": row.public_id,
            "at": ms(row.created_at),
            "author": str(row.author.get("name") or row.author.get("id") or ""),
            "reason_code": row.reason_code,
            "reason": row.reason,
            "says": ("Taken back: " if row.undoes_id else "") + str(row.after.get("says", "")),
            "cost": round(sum(row.cost_after.values()) - sum(row.cost_before.values()), 2),
            "undone_by": undone.get(row.pk),
            "undoable": row.undoes_id is None,
        }
        for row in newest
    ]
