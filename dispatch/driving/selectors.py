"""What a driver's phone shows: the manifest of the day, the rules, and how it reports its position."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from dispatch.driving.deeds import REASONS
from dispatch.driving.models import DeliveryProof, DriverAction, DriverLink, DriverSession
from dispatch.driving.phones import reporting_key
from dispatch.fleet.models import Driver
from dispatch.manifests.models import Manifest, ManifestStop, ManifestVersion
from dispatch.manifests.services import document
from dispatch.planning.models import DispatchSettings
from dispatch.shipments.models import Shipment
from tracker.tenants.identifiers import BadIdentifier, parse_id

REPORT_EVERY_S = 15
IN_FORCE = ("released", "acknowledged", "in_progress")


def day_of(session: DriverSession, *, now: datetime) -> dict[str, Any]:
    """All the page needs to go on without a network until the end of the day."""
    driver = session.driver
    manifest = manifest_of(driver, now=now)
    rules = DispatchSettings.objects.for_environment(driver.environment_id).first()
    return {
        "now_ms": round(now.timestamp() * 1000),
        "driver": {"id": driver.public_id, "name": driver.name, "hub": driver.hub.name},
        "manifest": None if manifest is None else document(manifest),
        "proofs": list(rules.proofs) if rules else [],
        "reasons": list(REASONS),
        "report": None if manifest is None else _report(session),
        **({} if manifest is None else _newest(manifest)),
    }


def manifest_of(driver: Driver, *, now: datetime) -> Manifest | None:
    """The one in force, today's or an older one that is not done; else the last that was done today."""
    rows = Manifest.objects.for_environment(driver.environment_id).filter(driver=driver)
    today = local_date(driver, now)
    in_force = rows.filter(state__in=IN_FORCE, service_date__lte=today + timedelta(days=1))
    done = rows.filter(state=Manifest.State.DONE, service_date=today)
    return in_force.order_by("service_date", "pk").first() or done.order_by("-pk").first()


def local_date(driver: Driver, now: datetime) -> date:
    """The day it is at the driver's hub."""
    return now.astimezone(ZoneInfo(driver.hub.timezone)).date()


def shipment_of_stop(session: DriverSession, stop: str) -> Shipment | None:
    """The shipment of a stop that is or was the driver's."""
    try:
        uid = parse_id("stp", stop)
    except BadIdentifier:
        return None
    stops = ManifestStop.objects.for_environment(session.environment_id)
    found = stops.filter(uid=uid, manifest__driver=session.driver_id).select_related("shipment").first()
    return found.shipment if found else None


def phone_of(driver: Driver) -> DriverSession | None:
    """The phone that is signed in as this driver."""
    rows = DriverSession.objects.for_environment(driver.environment_id)
    return rows.filter(driver=driver, revoked_at=None).select_related("device").first()


def open_link_of(driver: Driver, *, now: datetime) -> DriverLink | None:
    """The link that is out and not used yet."""
    rows = DriverLink.objects.for_environment(driver.environment_id)
    return rows.filter(driver=driver, used_at=None, revoked_at=None, expires_at__gt=now).first()


def refused_actions(driver: Driver, *, since: datetime) -> list[DriverAction]:
    """What the driver did that could not be taken, the newest first."""
    rows = DriverAction.objects.for_environment(driver.environment_id)
    found = rows.filter(driver=driver, outcome="refused", received_at__gte=since)
    return list(found.select_related("stop__shipment").order_by("-received_at")[:50])


def proof_of(environment_id: int, reference: str) -> DeliveryProof | None:
    """A proof by its public id."""
    try:
        uid = parse_id("pod", reference)
    except BadIdentifier:
        return None
    return DeliveryProof.objects.for_environment(environment_id).filter(uid=uid).first()


def proofs_of(environment_id: int) -> QuerySet[DeliveryProof]:
    """All proofs of delivery, with their shipments and drivers."""
    return DeliveryProof.objects.for_environment(environment_id).select_related("shipment", "driver")


def _newest(manifest: Manifest) -> dict[str, Any]:
    """What the driver confirmed, and how the newest version differs from the one before. Never why it was made: what
    supervisors write there is for each other, and may be about people."""
    rows = ManifestVersion.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    newest = rows.order_by("-number").first()
    return {
        "acknowledged_version": manifest.acknowledged_version,
        "difference": newest.difference if newest else {},
    }


def _report(session: DriverSession) -> dict[str, Any] | None:
    if session.device is None or session.device.deleted_at is not None:
        return None
    return {
        "device": session.device.external_id,
        "key": reporting_key(session.environment),
        "every_s": REPORT_EVERY_S,
    }
