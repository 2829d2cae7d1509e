"""Gives a driver a new version of a manifest: the document, how it differs, and the notice of it."""

from datetime import datetime

import msgspec
from django.db.models import F, Max

from dispatch.fleet.models import Driver, Hub
from dispatch.manifests.differences import difference
from dispatch.manifests.documents import document
from dispatch.manifests.models import Manifest, ManifestStop, ManifestVersion
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.webhooks.plan_payloads import (
    AboutDriver,
    AboutHub,
    AboutManifest,
    ManifestReleased,
)

IN_FORCE = (Manifest.State.RELEASED, Manifest.State.ACKNOWLEDGED, Manifest.State.IN_PROGRESS)
OPEN_STOPS = (ManifestStop.State.PLANNED, ManifestStop.State.ARRIVED)


def issue(
    manifest: Manifest, *, released_by_id: int | None = None, reason: str = "", now: datetime
) -> ManifestVersion:
    """Make what stands in the rows of `manifest` its next version. The caller holds its row and is in a transaction.

    An acknowledged manifest is a released one again until the driver has seen the new version; one in progress stays
    so. One that has lost its last open stop is over.
    """
    before = newest_version(manifest)
    manifest.version = (before.number if before else 0) + 1
    manifest.revision += 1
    if manifest.state in (Manifest.State.DRAFT, Manifest.State.ACKNOWLEDGED):
        manifest.state = Manifest.State.RELEASED
    manifest.released_at = manifest.released_at or now
    end_where_nothing_is_open(manifest, now=now)
    manifest.save()
    text = document(manifest)
    made = ManifestVersion.objects.create(
        environment_id=manifest.environment_id,
        manifest=manifest,
        number=manifest.version,
        document=text,
        difference=difference(before.document if before else None, text),
        reason=reason[:300],
        released_by_id=released_by_id,
        released_at=now,
    )
    _tell(manifest, made, now=now)
    return made


def newest_version(manifest: Manifest) -> ManifestVersion | None:
    """What the driver was given last; None where nothing yet."""
    rows = ManifestVersion.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    return rows.order_by("-number").first()


def end_where_nothing_is_open(manifest: Manifest, *, now: datetime) -> bool:
    """Mark it done, or cancelled where nobody was ever visited, once no stop is open; whether it is over.

    It is not written here: the caller saves it."""
    stops = ManifestStop.objects.for_environment(manifest.environment_id).filter(manifest=manifest)
    if stops.filter(state__in=OPEN_STOPS).exists():
        return False
    visited = stops.filter(state__in=(ManifestStop.State.DELIVERED, ManifestStop.State.FAILED))
    last = visited.aggregate(last=Max("finished_at"))["last"]
    manifest.state = Manifest.State.CANCELLED if last is None else Manifest.State.DONE
    manifest.done_at = last or now
    return True


def touch(manifest: Manifest) -> None:
    """Count a change that is no new version: whoever looked at the manifest before sees that it is another now."""
    rows = Manifest.objects.for_environment(manifest.environment_id).filter(pk=manifest.pk)
    rows.update(revision=F("revision") + 1)
    manifest.revision += 1


def about(manifest: Manifest) -> AboutManifest:
    """The manifest as events speak of it."""
    environment = manifest.environment_id
    hub = Hub.objects.for_environment(environment).get(pk=manifest.hub_id)
    driver = Driver.objects.for_environment(environment).get(pk=manifest.driver_id)
    stops = ManifestStop.objects.for_environment(environment).filter(manifest=manifest)
    return AboutManifest(
        id=manifest.public_id,
        state=manifest.state,
        version=manifest.version,
        service_date=manifest.service_date.isoformat(),
        hub=AboutHub(hub.public_id, hub.name),
        driver=AboutDriver(driver.public_id, driver.name),
        stops=stops.exclude(state=ManifestStop.State.REMOVED).count(),
    )


def _tell(manifest: Manifest, made: ManifestVersion, *, now: datetime) -> None:
    changes = {
        kind: [stop["shipment"] for stop in made.difference[kind]] for kind in ("added", "removed", "moved")
    }
    told = ManifestReleased(manifest=about(manifest), reason=made.reason, **changes)
    record(manifest.environment_id, Kind.MANIFEST_RELEASED, msgspec.to_builtins(told), occurred_at=now)
