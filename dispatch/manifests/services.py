"""Writes on manifests as the day goes: released, acknowledged, begun, stop by stop done.

Row numbers come in, whose data it is first. Each is one transaction that holds the manifest's row, and each does
nothing the second time, for phones tell things again. What happened to the parcel itself (delivered, failed) is a
command of `dispatch.shipments.services` and the caller's to give.
"""

from datetime import datetime

import msgspec
from django.db import transaction

from dispatch.manifests import parcels
from dispatch.manifests.differences import difference
from dispatch.manifests.documents import document
from dispatch.manifests.errors import (
    NoSuchManifest,
    NoSuchStop,
    NotInForce,
    StopIsOver,
    UnknownVersion,
)
from dispatch.manifests.issuing import (
    IN_FORCE,
    OPEN_STOPS,
    about,
    end_where_nothing_is_open,
    issue,
    touch,
)
from dispatch.manifests.models import Manifest, ManifestStop, ManifestVersion
from dispatch.manifests.orders import lay, open_stops, stops_on, visit_of
from dispatch.manifests.releasing import Released, release
from dispatch.shipments.authors import Author
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.webhooks.plan_payloads import ManifestAcknowledged

__all__ = [
    "IN_FORCE",
    "Released",
    "acknowledge",
    "arrive",
    "begin",
    "difference",
    "discard",
    "document",
    "finish",
    "issue",
    "release",
    "take_off",
]
ENDINGS = (ManifestStop.State.DELIVERED, ManifestStop.State.FAILED, ManifestStop.State.REMOVED)


def acknowledge(environment_id: int, manifest_id: int, version: int, *, now: datetime) -> Manifest:
    """The driver has that version. Only the newest makes the manifest acknowledged.

    Raises NoSuchManifest, UnknownVersion."""
    with transaction.atomic():
        manifest = _locked(environment_id, manifest_id)
        rows = ManifestVersion.objects.for_environment(environment_id).filter(manifest=manifest)
        given = rows.filter(number=version).first()
        if given is None:
            raise UnknownVersion(manifest.public_id, version, manifest.version)
        if given.acknowledged_at is not None:
            return manifest
        given.acknowledged_at = now
        given.save(update_fields=["acknowledged_at"])
        manifest.acknowledged_version = max(manifest.acknowledged_version, version)
        manifest.acknowledged_at = now
        if manifest.state == Manifest.State.RELEASED and version == manifest.version:
            manifest.state = Manifest.State.ACKNOWLEDGED
        manifest.save(update_fields=["acknowledged_version", "acknowledged_at", "state"])
        touch(manifest)
        told = ManifestAcknowledged(about(manifest), version, moment_text(now))
        record(environment_id, Kind.MANIFEST_ACKNOWLEDGED, msgspec.to_builtins(told), occurred_at=now)
        return manifest


def begin(environment_id: int, manifest_id: int, *, at: datetime, by: Author, now: datetime) -> Manifest:
    """The driver set out at `at`, with everything that is on it. Raises NoSuchManifest, NotInForce."""
    with transaction.atomic():
        manifest = _locked(environment_id, manifest_id)
        if manifest.state in (Manifest.State.IN_PROGRESS, Manifest.State.DONE):
            return manifest
        _require_in_force(manifest)
        manifest.state, manifest.begun_at = Manifest.State.IN_PROGRESS, min(at, now)
        manifest.save(update_fields=["state", "begun_at"])
        touch(manifest)
        aboard = [stop.shipment_id for stop in open_stops(stops_on(manifest))]
        parcels.start(environment_id, aboard, at=manifest.begun_at, by=by, now=now)
        return manifest


def arrive(environment_id: int, stop_id: int, *, at: datetime, by: Author, now: datetime) -> ManifestStop:
    """The driver is there. Who arrives has set out, whether they said so or not.

    Raises NoSuchStop, NotInForce, StopIsOver."""
    with transaction.atomic():
        stop, manifest = _locked_stop(environment_id, stop_id)
        if stop.arrived_at is not None:
            return stop
        if stop.state != ManifestStop.State.PLANNED:
            raise StopIsOver(stop.public_id, stop.get_state_display().lower())
        begin(environment_id, manifest.pk, at=at, by=by, now=now)
        # one that was put on while the driver was out did not set out with the others
        parcels.start(environment_id, [stop.shipment_id], at=at, by=by, now=now)
        stop.state, stop.arrived_at = ManifestStop.State.ARRIVED, min(at, now)
        stop.save(update_fields=["state", "arrived_at"])
        _bring_forward(manifest)
        touch(manifest)
        return stop


def finish(
    environment_id: int, stop_id: int, state: str, *, at: datetime, by: Author, now: datetime
) -> ManifestStop:
    """The visit is over: DELIVERED, FAILED, or REMOVED. The last one ends the manifest.

    Raises NoSuchStop, NotInForce, and StopIsOver where it ended in another way."""
    if state not in ENDINGS:
        raise ValueError(f"a visit does not end as {state!r}")
    with transaction.atomic():
        stop, manifest = _locked_stop(environment_id, stop_id)
        if stop.state == state:
            return stop
        if stop.state not in OPEN_STOPS:
            raise StopIsOver(stop.public_id, stop.get_state_display().lower())
        if state != ManifestStop.State.REMOVED:
            begin(environment_id, manifest.pk, at=at, by=by, now=now)
            stop.arrived_at = stop.arrived_at or min(at, now)
        else:
            stop.place = None
        stop.state, stop.finished_at = ManifestStop.State(state), min(at, now)
        stop.save(update_fields=["state", "place", "arrived_at", "finished_at"])
        _bring_forward(manifest)
        manifest.refresh_from_db()
        if end_where_nothing_is_open(manifest, now=now):
            manifest.save(update_fields=["state", "done_at"])
        touch(manifest)
        return stop


def take_off(environment_id: int, shipment_id: int, *, reason: str, now: datetime) -> list[Manifest]:
    """A parcel leaves every draft, and the manifest in force that has it, which gets a new version.

    For parcels that are not to be visited any more (cancelled, lost, returned). A visit that has begun goes on.
    Returns the manifests that changed."""
    with transaction.atomic():
        stops = ManifestStop.objects.for_environment(environment_id).filter(
            shipment_id=shipment_id, state=ManifestStop.State.PLANNED
        )
        rows = Manifest.objects.for_environment(environment_id)
        held = rows.filter(
            pk__in=list(stops.values_list("manifest", flat=True)),
            state__in=(Manifest.State.DRAFT, *IN_FORCE),
        )
        changed = list(held.order_by("pk").select_for_update(no_key=True))
        for manifest in changed:
            _without(manifest, shipment_id, reason=reason, now=now)
        return changed


def discard(environment_id: int, manifest_id: int) -> None:
    """Throw a draft away. Raises NoSuchManifest, and NotInForce for one that was released."""
    with transaction.atomic():
        manifest = _locked(environment_id, manifest_id)
        if manifest.state != Manifest.State.DRAFT:
            raise NotInForce(manifest.public_id, manifest.get_state_display().lower())
        manifest.delete()


def _without(manifest: Manifest, shipment_id: int, *, reason: str, now: datetime) -> None:
    draft = manifest.state == Manifest.State.DRAFT
    rest = [stop for stop in open_stops(stops_on(manifest)) if stop.shipment_id != shipment_id]
    lay(manifest, [visit_of(stop) for stop in rest], keep_record=not draft)
    if draft:
        touch(manifest)
    else:
        issue(manifest, reason=reason, now=now)


def _bring_forward(manifest: Manifest) -> None:
    """Put what was visited first in the order in which it was begun: a driver may take stops as they like."""
    lay(manifest, [visit_of(stop) for stop in open_stops(stops_on(manifest))], keep_record=True)


def _locked(environment_id: int, manifest_id: int) -> Manifest:
    rows = Manifest.objects.for_environment(environment_id).select_for_update(no_key=True)
    manifest = rows.filter(pk=manifest_id).first()
    if manifest is None:
        raise NoSuchManifest
    return manifest


def _locked_stop(environment_id: int, stop_id: int) -> tuple[ManifestStop, Manifest]:
    """The stop, once its manifest's row is held; a stop that moved meanwhile is looked up again."""
    stops = ManifestStop.objects.for_environment(environment_id)
    found = stops.filter(pk=stop_id).first()
    if found is None:
        raise NoSuchStop
    manifest = _locked(environment_id, found.manifest_id)
    if manifest.state != Manifest.State.DONE:
        _require_in_force(manifest)
    return stops.get(pk=stop_id), manifest


def _require_in_force(manifest: Manifest) -> None:
    if manifest.state not in IN_FORCE:
        raise NotInForce(manifest.public_id, manifest.get_state_display().lower())
