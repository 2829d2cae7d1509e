"""Reads the facts a saga looks at, as they are now: a shipment, or a driver on a route. A hub's day: `day_facts.py`."""

from datetime import datetime, timedelta
from typing import Any

from dispatch.fleet.models import DeviceHolding
from dispatch.manifests.issuing import IN_FORCE, OPEN_STOPS
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.planning.models import DispatchSettings
from dispatch.planning.services import settings_of
from dispatch.sagas.day_facts import day_facts
from dispatch.sagas.matters import DriverFacts, Rules, ShipmentFacts
from dispatch.sagas.models import Saga
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from tracker.devices.models import DeviceState
from tracker.tenants.identifiers import parse_id


def facts_of(saga: Saga) -> Any:
    """What the saga's kind looks at; None where it is not there any more."""
    if saga.kind == "driver_silent":
        return driver_facts(saga)
    if saga.kind == "end_of_day":
        return day_facts(saga)
    return shipment_facts(saga)


def rules_of(row: DispatchSettings) -> Rules:
    """The waits, as the sagas know them."""
    return Rules(
        first_wait=timedelta(seconds=row.first_wait_s),
        second_wait=timedelta(seconds=row.second_wait_s),
        most_attempts=row.most_attempts,
        unconfirmed_after=timedelta(seconds=row.unconfirmed_after_s),
        silent_after=timedelta(seconds=row.silent_after_s),
    )


def shipment_facts(saga: Saga) -> ShipmentFacts | None:
    """The shipment, the stop it is planned at, and the driver's device."""
    environment = saga.environment_id
    states = ShipmentState.objects.for_environment(environment).select_related("shipment", "hub", "driver")
    state = states.filter(shipment__uid=parse_id("shp", saga.subject)).first()
    if state is None:
        return None
    stop = stop_of(environment, state.shipment_id)
    driver = stop.manifest.driver if stop else state.driver
    return ShipmentFacts(
        shipment=saga.subject,
        name=str(state.shipment),
        state=state.state,
        attempts=state.attempts,
        failed_reason=state.failed_reason,
        failed_at=_failed_at(state) if state.attempts else None,
        out_at=state.out_at,
        delivered_at=state.delivered_at,
        slot_to=state.promised_to or state.due_to,
        arrived_at=stop.arrived_at if stop else None,
        eta_at=stop.eta_at if stop else None,
        eta_latest_at=stop.eta_latest_at if stop else None,
        miss_chance=stop.miss_chance if stop else None,
        manifest=stop.manifest.public_id if stop else "",
        driver=driver.name if driver else "",
        device_id=device_of(environment, driver.pk) if driver else None,
        timezone=state.hub.timezone if state.hub else "UTC",
        rules=rules_of(settings_of(environment)),
    )


def stop_of(environment: int, shipment_id: int) -> ManifestStop | None:
    """The stop at which a driver will deliver it."""
    stops = ManifestStop.objects.for_environment(environment).filter(
        shipment=shipment_id, state__in=OPEN_STOPS, manifest__state__in=IN_FORCE
    )
    return stops.select_related("manifest__driver").order_by("-manifest__service_date", "-pk").first()


def device_of(environment: int, driver_id: int) -> int | None:
    """The device the driver carries now."""
    held = DeviceHolding.objects.for_environment(environment).filter(driver=driver_id, until=None)
    return held.values_list("device", flat=True).first()


def driver_facts(saga: Saga) -> DriverFacts | None:
    """The driver, their route, and when their device was last heard of."""
    environment = saga.environment_id
    manifests = Manifest.objects.for_environment(environment).select_related("driver")
    manifest = manifests.filter(uid=parse_id("mft", str(saga.data["manifest"]))).first()
    if manifest is None:
        return None
    device_id = device_of(environment, manifest.driver_id)
    heard = DeviceState.objects.for_environment(environment).filter(device=device_id)
    stops = ManifestStop.objects.for_environment(environment).filter(manifest=manifest, state__in=OPEN_STOPS)
    return DriverFacts(
        driver=manifest.driver.public_id,
        name=manifest.driver.name,
        phone=manifest.driver.phone,
        manifest=manifest.public_id,
        manifest_state=manifest.state,
        device_id=device_id,
        heard_at=heard_at(manifest, heard.values_list("recorded_at", flat=True).first())
        if device_id
        else None,
        left=stops.count(),
        rules=rules_of(settings_of(environment)),
    )


def heard_at(manifest: Manifest, recorded_at: datetime | None) -> datetime | None:
    """When a driver on this route was last heard of: setting out is word of them, and a phone may wake up late."""
    known = [moment for moment in (recorded_at, manifest.begun_at) if moment is not None]
    return max(known, default=None)


def _failed_at(state: ShipmentState) -> Any:
    """When the last attempt failed: notes and corrections may have come since."""
    events = ShipmentEvent.objects.for_environment(state.environment_id).filter(
        shipment=state.shipment_id, kind="DeliveryAttempted"
    )
    return events.order_by("-occurred_at", "-sequence").values_list("occurred_at", flat=True).first()
