"""What each kind of action does: the driver's manifest, its stops and their shipments.

A stop counts as the driver's whether or not it still is on the manifest: what a supervisor moved while the phone had no
network was delivered all the same, and the shipment's own rules say whether that can be.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from dispatch.driving.bodies import Done
from dispatch.driving.codes import is_code_for
from dispatch.driving.models import DeliveryProof
from dispatch.driving.proofs import keep_code
from dispatch.fleet.models import Driver
from dispatch.manifests import services as manifests
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.authors import Author, of_driver
from dispatch.shipments.commands import Command, ConfirmDelivery, ConfirmPickup, FailAttempt
from dispatch.shipments.kinds import Proof
from dispatch.shipments.models import Shipment
from dispatch.shipments.services import execute
from dispatch.shipments.transitions import IllegalTransition
from tracker.tenants.identifiers import BadIdentifier, parse_id

REASONS = ("nobody_home", "address_not_found", "refused", "no_access", "no_time", "damaged", "other")
SHORTEST_NOTE = 3
Deed = Callable[[Driver, Done, datetime, datetime], object]


class Refused(Exception):
    """It cannot be done; the text says why, to the driver."""


def acknowledge(driver: Driver, done: Done, at: datetime, now: datetime) -> None:
    """The driver has seen a version of the manifest."""
    manifest = _manifest(driver, done)
    manifests.acknowledge(driver.environment_id, manifest.pk, done.version or 0, now=now)


def begin(driver: Driver, done: Done, at: datetime, now: datetime) -> None:
    """The driver sets out."""
    manifest = _manifest(driver, done)
    manifests.begin(driver.environment_id, manifest.pk, at=at, by=_author(driver), now=now)


def arrive(driver: Driver, done: Done, at: datetime, now: datetime) -> ManifestStop:
    """The driver is at a stop. One that was taken off meanwhile stays off: the action keeps when and where it was."""
    stop = _stop(driver, done)
    if stop.state == ManifestStop.State.REMOVED:
        return stop
    return manifests.arrive(driver.environment_id, stop.pk, at=at, by=_author(driver), now=now)


def deliver(driver: Driver, done: Done, at: datetime, now: datetime) -> ManifestStop:
    """The parcel was handed over: it counts as soon as it is told, also where a code turns out to be wrong."""
    stop = _stop(driver, done)
    shipment = _shipment(stop)
    proofs = _proofs(shipment, done)
    note = done.note
    if done.code:
        matched = is_code_for(shipment.uid, done.code)
        proofs.append(_as_proof(keep_code(shipment, done.code, matched, driver=driver, taken_at=at, now=now)))
        note = note if matched else f"{note} (the delivery code did not match)".strip()
    command = ConfirmDelivery(
        recipient=done.recipient,
        proofs=tuple(proofs),
        cash_minor=done.cash_minor or 0,
        note=note,
        longitude=done.place.longitude if done.place else None,
        latitude=done.place.latitude if done.place else None,
        driver=driver.public_id,
    )
    return _visited(driver, stop, command, ManifestStop.State.DELIVERED, at, now)


def fail(driver: Driver, done: Done, at: datetime, now: datetime) -> ManifestStop:
    """The parcel could not be handed over, and why."""
    stop = _stop(driver, done)
    if done.reason not in REASONS:
        raise Refused(f"The reason is one of {', '.join(REASONS)}, not {done.reason[:20]!r}.")
    if done.reason == "other" and len(done.note.strip()) < SHORTEST_NOTE:
        raise Refused("Say in a few words why it could not be delivered.")
    command = FailAttempt(
        reason=done.reason,
        note=done.note,
        longitude=done.place.longitude if done.place else None,
        latitude=done.place.latitude if done.place else None,
        driver=driver.public_id,
        proofs=tuple(_proofs(_shipment(stop), done)),
    )
    return _visited(driver, stop, command, ManifestStop.State.FAILED, at, now)


def scan(driver: Driver, done: Done, at: datetime, now: datetime) -> ManifestStop:
    """A parcel's label was read: one that was not in our hands yet is now. Reading it again claims nothing."""
    stop = _stop(driver, done)
    with suppress(IllegalTransition):
        _execute(driver, stop, ConfirmPickup(), at, now)
    return stop


DEEDS: dict[str, Deed] = {
    "acknowledge": acknowledge,
    "begin": begin,
    "arrive": arrive,
    "deliver": deliver,
    "fail": fail,
    "scan": scan,
}


def _visited(
    driver: Driver, stop: ManifestStop, command: Command, state: str, at: datetime, now: datetime
) -> ManifestStop:
    """The visit's end, for the shipment and for the stop where it still is on a manifest."""
    removed = stop.state == ManifestStop.State.REMOVED
    environment, by = driver.environment_id, _author(driver)
    if stop.state == ManifestStop.State.PLANNED:  # whoever delivers has arrived, whether they said so or not
        stop = manifests.arrive(environment, stop.pk, at=at, by=by, now=now)
    _execute(driver, stop, command, at, now)
    return stop if removed else manifests.finish(environment, stop.pk, state, at=at, by=by, now=now)


def _execute(driver: Driver, stop: ManifestStop, command: Command, at: datetime, now: datetime) -> None:
    author = _author(driver)
    execute(driver.environment_id, stop.shipment_id, command, author=author, now=now, occurred_at=at)


def _author(driver: Driver) -> Author:
    return of_driver(driver.public_id, driver.name)


def _manifest(driver: Driver, done: Done) -> Manifest:
    rows = Manifest.objects.for_environment(driver.environment_id).filter(driver=driver)
    try:
        found = rows.filter(uid=parse_id("mft", done.manifest or "")).first()
    except BadIdentifier:
        found = None
    if found is None:
        raise Refused("This is no manifest of yours.")
    return found


def stop_of(driver: Driver, reference: str | None) -> ManifestStop | None:
    """The stop with that public id, where it is or was one of the driver's."""
    rows = ManifestStop.objects.for_environment(driver.environment_id).filter(manifest__driver=driver)
    try:
        return rows.filter(uid=parse_id("stp", reference or "")).first()
    except BadIdentifier:
        return None


def _stop(driver: Driver, done: Done) -> ManifestStop:
    found = stop_of(driver, done.stop)
    if found is None:
        raise Refused("This is no stop of yours.")
    return found


def _shipment(stop: ManifestStop) -> Shipment:
    return Shipment.objects.for_environment(stop.environment_id).get(pk=stop.shipment_id)


def _proofs(shipment: Shipment, done: Done) -> list[Proof]:
    rows = DeliveryProof.objects.for_environment(shipment.environment_id)
    found = rows.filter(shipment=shipment, uid__in=done.proofs)
    return [_as_proof(row) for row in found.order_by("pk")]


def _as_proof(row: DeliveryProof) -> Proof:
    return Proof(id=row.public_id, kind=row.kind, sha256=bytes(row.sha256).hex())
