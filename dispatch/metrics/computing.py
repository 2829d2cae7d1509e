"""Computes the figures of a hub's day in the database: one pass over its stops, one over its drivers' hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from dispatch.fleet.availability import capacities_of
from dispatch.fleet.models import Driver, Hub, Vehicle
from dispatch.fleet.rota import hours_on
from dispatch.metrics.figures import AT_RISK_FROM, DriverDay, Figures
from tracker.tenants.identifiers import public_id

BY_MANIFEST = """
    SELECT m.driver_id, m.vehicle_id, m.state = 'done' AS done, m.duration_s AS planned_s, m.distance_m AS planned_m,
        coalesce(extract(epoch FROM coalesce(m.done_at, max(s.finished_at)) - m.begun_at), 0) AS worked_s,
        count(s.id) AS stops,
        count(*) FILTER (WHERE s.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE s.state = 'failed') AS failed,
        coalesce(sum(s.distance_m) FILTER (WHERE s.state IN ('delivered', 'failed')), 0) AS driven_m,
        count(*) FILTER (WHERE s.decided) AS decided,
        count(*) FILTER (WHERE s.decided AND s.state = 'delivered'
            AND coalesce(s.arrived_at, s.finished_at) <= s.slot_to) AS kept,
        count(*) FILTER (WHERE s.slot_to IS NOT NULL AND NOT s.decided) AS open,
        count(s.miss_chance) FILTER (WHERE s.slot_to IS NOT NULL AND NOT s.decided) AS predicted,
        coalesce(sum(s.miss_chance) FILTER (WHERE s.slot_to IS NOT NULL AND NOT s.decided), 0) AS missed,
        count(*) FILTER (WHERE NOT s.decided AND s.slot_to IS NOT NULL AND s.miss_chance >= %(risk)s) AS risk,
        coalesce(sum((p.size ->> 'parcels')::float), 0) AS parcels
    FROM dispatch_manifest m
    LEFT JOIN LATERAL (
        SELECT s.*, s.slot_to IS NOT NULL AND (s.state IN ('delivered', 'failed')
            OR s.slot_to < %(now)s AND (s.arrived_at IS NULL OR s.arrived_at > s.slot_to)) AS decided
        FROM dispatch_manifeststop s
        WHERE s.environment_id = m.environment_id AND s.manifest_id = m.id AND s.state <> 'removed'
    ) s ON true
    LEFT JOIN dispatch_shipmentstate p ON p.shipment_id = s.shipment_id AND p.environment_id = m.environment_id
    WHERE m.environment_id = %(environment)s AND m.hub_id = %(hub)s AND m.service_date = %(day)s
        AND m.state IN ('released', 'acknowledged', 'in_progress', 'done')
    GROUP BY m.id
    ORDER BY m.id
"""


@dataclass(frozen=True)
class Day:
    """Whose figures: a hub's, of one date in its local time."""

    hub: Hub
    service_date: date


def compute(day: Day, *, now: datetime) -> Figures:
    """The figures of a hub's day as things stand. In the scope of its environment."""
    hub = day.hub
    facts: dict[str, Any] = {
        "environment": hub.environment_id,
        "hub": hub.pk,
        "day": day.service_date,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_MANIFEST, facts | {"risk": AT_RISK_FROM})
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    drivers = _drivers(day, {row["driver_id"] for row in rows})
    figures = Figures(
        drivers_on_shift=sum(one.shift_s > 0 for one in drivers.values()),
        shift_s=sum(one.shift_s for one in drivers.values()),
    )
    rooms = _rooms(hub.environment_id, [row["vehicle_id"] for row in rows if row["vehicle_id"]])
    for row in rows:
        _take(figures, drivers[row["driver_id"]], row)
        if (room := rooms.get(row["vehicle_id"])) is not None:
            figures.room_parcels += room
            figures.parcels += row["parcels"]
    figures.drivers = sorted(drivers.values(), key=lambda one: (one.name, one.driver))
    figures.drivers_out = sum(one.stops > 0 for one in figures.drivers)
    return figures


def _take(figures: Figures, driver: DriverDay, row: Mapping[str, Any]) -> None:
    """Add one manifest."""
    figures.manifests += 1
    figures.manifests_done += row["done"]
    figures.stops += row["stops"]
    figures.delivered += row["delivered"]
    figures.failed += row["failed"]
    figures.slots_decided += row["decided"]
    figures.slots_kept += row["kept"]
    figures.slots_open += row["open"]
    figures.slots_predicted += row["predicted"]
    figures.predicted_missed += row["missed"]
    figures.at_risk += row["risk"]
    driver.stops += row["stops"]
    driver.finished += row["delivered"] + row["failed"]
    for name in ("planned_m", "driven_m", "planned_s", "worked_s"):
        value = max(0.0, float(row[name]))
        setattr(figures, name, getattr(figures, name) + value)
        setattr(driver, name, getattr(driver, name) + value)


def _drivers(day: Day, out: set[int]) -> dict[int, DriverDay]:
    """The hub's drivers with the hours of the shifts that begin on that date, and whoever else is out for it."""
    found: dict[int, DriverDay] = {}
    for hours in hours_on(day.hub.environment_id, day.service_date, hub_ids=[day.hub.pk]):
        seconds = sum(one.seconds for one in hours.intervals)
        if seconds or hours.driver.pk in out:
            found[hours.driver.pk] = DriverDay(
                driver=hours.driver.public_id, name=hours.driver.name, shift_s=seconds
            )
    others = Driver.objects.for_environment(day.hub.environment_id).filter(pk__in=out - found.keys())
    for pk, uid, name in others.values_list("pk", "uid", "name"):
        found[pk] = DriverDay(driver=public_id("drv", uid), name=name)
    return found


def _rooms(environment_id: int, vehicles: list[int]) -> dict[int, float]:
    """How many parcels each of these vehicles holds; those without a limit are not in it."""
    rows = Vehicle.objects.for_environment(environment_id).select_related("type").in_bulk(vehicles)
    rooms = {pk: capacities_of(vehicle).get("parcels") for pk, vehicle in rows.items()}
    return {pk: room for pk, room in rooms.items() if room is not None}
