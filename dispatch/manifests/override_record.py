"""What is kept of an override, told of it, and shown before it is made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import ancestors, descendants
from dispatch.manifests.desk import Desk, Order
from dispatch.manifests.models import Manifest, ManifestOverride
from dispatch.manifests.moves import Kind as MoveKind
from dispatch.manifests.moves import Move
from dispatch.manifests.override_words import Broken
from dispatch.manifests.weighing import Weighed
from dispatch.shipments.authors import Author
from dispatch.shipments.commands import Command, NoteOverride
from dispatch.shipments.services import execute_many
from tracker.http.times import moment_text
from tracker.live.announce import announce_notice
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.webhooks.override_payloads import MovedStop, OverrideAuthor, OverrideTold
from tracker.webhooks.plan_payloads import AboutHub


@dataclass(frozen=True)
class Weighing:
    """What moves would come to. Costs are in the environment's cost units, by term."""

    kind: MoveKind
    says: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    violations: list[Broken]
    touched: list[str]
    routes: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def side(
    desk: Desk,
    orders: Mapping[str, Order],
    touched: Collection[str],
    moves: Sequence[Move],
    manifests: Mapping[str, Manifest],
    weighed: Weighed,
) -> dict[str, Any]:
    """One side of an override: the manifests it touches with their open stops, and where each moved parcel is."""
    return {
        "manifests": {
            manifests[driver].public_id: _manifest(desk, driver, manifests[driver], orders[driver])
            for driver in touched
            if driver in manifests
        },
        "moved": [
            _moved(desk, one, orders, weighed) for one in dict.fromkeys(move.shipment for move in moves)
        ],
    }


def _manifest(desk: Desk, driver: str, manifest: Manifest, order: Order) -> dict[str, Any]:
    hand = desk.assembled.hands[driver]
    return {
        "driver": {"id": driver, "name": hand.driver.name},
        "vehicle_type": hand.on.vehicle_type.key if hand.on.vehicle_type else "",
        "state": manifest.state,
        "version": manifest.version,
        "revision": manifest.revision,
        "stops": list(order),
    }


def _moved(desk: Desk, shipment: str, orders: Mapping[str, Order], weighed: Weighed) -> dict[str, Any]:
    """Where a parcel is on this side, with all a search for patterns asks of it."""
    row = desk.assembled.parcels[shipment].row
    facts: dict[str, Any] = {
        "shipment": shipment,
        "name": str(row.shipment),
        # a hundred metres will do for patterns, and an override is kept for ever
        "longitude": None if row.longitude is None else round(row.longitude, 3),
        "latitude": None if row.latitude is None else round(row.latitude, 3),
        "driver": None,
        "driver_name": None,
        "vehicle_type": "",
        "place": None,
        "at": None,
        "hour": None,
    }
    driver = next((one for one, stops in orders.items() if shipment in stops), None)
    if driver is None:
        return facts
    hand = desk.assembled.hands[driver]
    route = weighed.routes.get(driver)
    start_s = next((visit.start_s for visit in route.visits if visit.stop == shipment), 0) if route else 0
    at = desk.brief.epoch + timedelta(seconds=start_s)
    return facts | {
        "driver": driver,
        "driver_name": hand.driver.name,
        "vehicle_type": hand.on.vehicle_type.key if hand.on.vehicle_type else "",
        "place": orders[driver].index(shipment) + 1,
        "at": moment_text(at),
        "hour": at.astimezone(ZoneInfo(desk.brief.timezone)).hour,
    }


def route_facts(desk: Desk, weighed: Weighed, driver: str) -> dict[str, Any]:
    """A route as it would be: its end, metres and times, in epoch milliseconds."""
    route = weighed.routes.get(driver)
    if route is None:
        return {"stops": [], "ends": None, "distance_m": 0}
    epoch_ms = desk.brief.epoch.timestamp() * 1000
    stops = {stop.id: stop for stop in desk.brief.stops}
    found = []
    for visit in route.visits:
        if visit.stop not in desk.assembled.parcels:
            continue
        slot = stops[visit.stop].slots[visit.slot] if visit.slot is not None else None
        late_s = max(0, visit.start_s - slot.latest_s) if slot is not None else 0
        found.append(
            {
                "shipment": visit.stop,
                "at": round(epoch_ms + visit.start_s * 1000),
                "until": round(epoch_ms + visit.end_s * 1000),
                "late_s": late_s,
            }
        )
    return {"stops": found, "ends": round(epoch_ms + route.end_s * 1000), "distance_m": route.distance_m}


def hubs_below(environment_id: int, hub: Hub) -> list[int]:
    """Row numbers of the hub and all below it."""
    return descendants(environment_id, hub.pk)


def keep(
    environment_id: int,
    desk: Desk,
    moves: Sequence[Move],
    why: tuple[str, str],
    author: Author,
    now: datetime,
    *,
    weighing: Weighing,
    before: dict[str, Any],
    after: dict[str, Any],
    undoes: ManifestOverride | None,
) -> ManifestOverride:
    """Write the override, note it on each parcel, tell backends and open boards."""
    shipments = list(dict.fromkeys(move.shipment for move in moves))
    rows = [desk.assembled.parcels[one].row.pk for one in shipments]
    made = ManifestOverride.objects.create(
        environment_id=environment_id,
        hub=desk.assembled.hub,
        service_date=desk.assembled.service_date,
        kind=weighing.kind,
        shipment_id=rows[0] if len(rows) == 1 else None,
        before=before,
        after=after,
        reason_code=why[0],
        reason=why[1],
        author=msgspec.to_builtins(author),
        cost_before=dict(weighing.before),
        cost_after=dict(weighing.after),
        violations=weighing.violations,
        undoes=undoes,
        created_at=now,
    )
    _note(environment_id, made, rows, after, author, now)
    _tell(desk, made, now)
    return made


def _note(
    environment_id: int,
    made: ManifestOverride,
    rows: Sequence[int],
    after: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> None:
    of_driver = {one["driver"]["id"]: manifest for manifest, one in after["manifests"].items()}
    asked: list[tuple[int, Command]] = [
        (
            row,
            NoteOverride(
                override=made.public_id, reason_code=made.reason_code, manifest=of_driver.get(one["driver"])
            ),
        )
        for row, one in zip(rows, after["moved"], strict=True)
    ]
    execute_many(environment_id, asked, author=author, now=now)


def _tell(desk: Desk, made: ManifestOverride, now: datetime) -> None:
    hub = desk.assembled.hub
    told = OverrideTold(
        id=made.public_id,
        hub=AboutHub(hub.public_id, hub.name),
        service_date=made.service_date.isoformat(),
        kind=made.kind,
        reason_code=made.reason_code,
        reason=made.reason,
        author=OverrideAuthor(**{name: made.author.get(name, "") for name in ("kind", "id", "name")}),
        undoes=made.undoes.public_id if made.undoes else None,
        moved=[
            MovedStop(
                shipment=was["shipment"],
                from_driver=was["driver"],
                to_driver=is_now["driver"],
                from_arrival=was["at"],
                to_arrival=is_now["at"],
            )
            for was, is_now in zip(made.before["moved"], made.after["moved"], strict=True)
        ],
        manifests=sorted(made.before["manifests"].keys() | made.after["manifests"].keys()),
        cost_before=made.cost_before,
        cost_after=made.cost_after,
        violations=[one["text"] for one in made.violations],
    )
    record(made.environment_id, Kind.MANIFEST_OVERRIDDEN, msgspec.to_builtins(told), occurred_at=now)
    announce_board(
        made.environment_id, hub, made.service_date.isoformat(), by=str(made.author.get("name", ""))
    )


def announce_board(environment_id: int, hub: Hub, service_date: str, *, by: str = "") -> None:
    """Tell the open boards of this hub, and of every hub above it, to read the day again once this is committed."""
    rows = Hub.objects.for_environment(environment_id).filter(
        pk__in=[hub.pk, *ancestors(environment_id, hub.pk)]
    )
    hubs = list(rows.select_related("geofence"))
    zones = [one.geofence.public_id for one in hubs if one.geofence is not None]
    notice = {"about": "board", "hubs": [one.public_id for one in hubs], "date": service_date, "by": by}
    key = f"board:{hub.public_id}:{service_date}"
    transaction.on_commit(lambda: announce_notice(environment_id, key, notice, zones))
