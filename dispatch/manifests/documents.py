"""A manifest as one document: what the driver's phone, the retained MQTT message and the API get."""

from datetime import datetime
from typing import Any

from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleType
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.orders import stops_on
from dispatch.shipments.models import Shipment, ShipmentState
from tracker.http.times import moment_text
from tracker.tenants.identifiers import public_id


def document(manifest: Manifest) -> dict[str, Any]:
    """Everything the driver needs of it as it stands now, and nothing of other routes.

    Times are in UTC, texts are as the shipments say them at this moment.
    """
    environment = manifest.environment_id
    hub = Hub.objects.for_environment(environment).get(pk=manifest.hub_id)
    driver = Driver.objects.for_environment(environment).get(pk=manifest.driver_id)
    return {
        "manifest": manifest.public_id,
        "version": manifest.version,
        "state": manifest.state,
        "service_date": manifest.service_date.isoformat(),
        "hub": {
            "id": hub.public_id, "name": hub.name, "timezone": hub.timezone,
            "longitude": hub.longitude, "latitude": hub.latitude,
        },
        "driver": {"id": driver.public_id, "name": driver.name},
        "vehicle": _vehicle(manifest),
        "starts_at": _text(manifest.starts_at),
        "ends_at": _text(manifest.ends_at),
        "distance_m": round(manifest.distance_m),
        "duration_s": round(manifest.duration_s),
        "stops": _stops(manifest),
    }  # fmt: skip


def _vehicle(manifest: Manifest) -> dict[str, Any] | None:
    if manifest.vehicle_id is None:
        return None
    vehicle = Vehicle.objects.for_environment(manifest.environment_id).get(pk=manifest.vehicle_id)
    kind = VehicleType.objects.for_environment(manifest.environment_id).get(pk=vehicle.type_id)
    return {"id": vehicle.public_id, "plate": vehicle.plate, "type": kind.key}


def _stops(manifest: Manifest) -> list[dict[str, Any]]:
    stops = stops_on(manifest)
    shipments = [stop.shipment_id for stop in stops]
    names = Shipment.objects.for_environment(manifest.environment_id).in_bulk(shipments)
    states = ShipmentState.objects.for_environment(manifest.environment_id).in_bulk(shipments)
    return [_stop(stop, names[stop.shipment_id], states.get(stop.shipment_id)) for stop in stops]


def _stop(stop: ManifestStop, shipment: Shipment, known: ShipmentState | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "stop": stop.public_id,
        "place": stop.place,
        "state": stop.state,
        "shipment": public_id("shp", shipment.uid),
        "external_id": shipment.external_id,
        "longitude": stop.longitude,
        "latitude": stop.latitude,
        "slot": [_text(stop.slot_from), _text(stop.slot_to)] if stop.slot_from and stop.slot_to else None,
        "planned_arrival": moment_text(stop.planned_arrival),
        "planned_departure": moment_text(stop.planned_departure),
        "distance_m": round(stop.distance_m),
        "address": "",
    }
    if known is not None:
        facts |= {
            "recipient": known.recipient,
            "phone": known.phone,
            "address": known.address,
            "service_s": known.service_s,
            "size": known.size,
            "cash_minor": known.cash_minor,
            "currency": known.currency,
            "note": known.note,
            "sender_note": known.sender_note,
            "attempt": known.attempts + 1,
            "priority": known.priority,
        }
    return facts


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None
