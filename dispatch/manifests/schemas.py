"""Manifests as the API shows and takes them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dispatch.manifests.documents import document
from dispatch.manifests.models import Manifest, ManifestVersion
from tracker.http.times import Moment, moment_text

ManifestId = Annotated[str, Meta(examples=["mft_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
StateName = Literal["draft", "released", "acknowledged", "in_progress", "done", "cancelled"]
Cursor = Annotated[str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")]


class ManifestSummary(Struct):
    """A manifest without its stops."""

    id: ManifestId
    state: StateName
    version: Annotated[int, Meta(description="Of what the driver was given; 0: nothing yet.")]
    acknowledged_version: int
    revision: Annotated[int, Meta(description="Counts every change of any kind.")]
    service_date: str
    hub: str
    driver: str
    vehicle: str | None
    run: str | None
    stops: int
    ended: Annotated[int, Meta(description="Stops that are done, delivered or not.")]
    distance_m: float
    duration_s: float
    starts_at: Moment | None
    ends_at: Moment | None
    released_at: Moment | None
    begun_at: Moment | None
    done_at: Moment | None


class ManifestPage(Struct):
    """Some manifests, the newest first."""

    data: list[ManifestSummary]
    next_cursor: Cursor


class ManifestDocument(Struct):
    """A manifest as it stands, with everything the driver needs of it: what is pushed over MQTT has this form, but for
    `id` and what stands below the stops, which are of the moment and not of a version.
    """

    id: ManifestId
    manifest: Annotated[
        ManifestId, Meta(description="The same as `id`: what is pushed to phones says it so.")
    ]
    version: int
    state: StateName
    service_date: str
    hub: dict[str, Any]
    driver: dict[str, Any]
    vehicle: dict[str, Any] | None
    starts_at: Moment | None
    ends_at: Moment | None
    distance_m: int
    duration_s: int
    stops: Annotated[
        list[dict[str, Any]], Meta(description="In order: shipment, place, slot, planned times …")
    ]
    acknowledged_version: int
    revision: int
    cost: dict[str, float]
    why_driver: Annotated[
        dict[str, Any] | None, Meta(description="The next best driver, and what they would cost.")
    ]
    flags: Annotated[list[Any], Meta(description="Why the plan is uncertain, where it is.")]


class ManifestVersionDocument(Struct):
    """What the driver was given, and how it differs from what they had before."""

    version: int
    released_at: Moment
    reason: str
    difference: Annotated[dict[str, Any], Meta(description="`added`, `removed`, `moved`, `retimed`: stops.")]
    pushed_at: Annotated[
        Moment | None, Meta(description="When the broker had it; null: the driver has no device.")
    ]
    acknowledged_at: Moment | None
    document: Annotated[dict[str, Any] | None, Meta(description="Only of a single version.")]


class ManifestVersionPage(Struct):
    """All versions, the newest first."""

    data: list[ManifestVersionDocument]


class Release(Struct):
    """Which drafts go out: of a run, or by name."""

    run: Annotated[str, Meta(description="All drafts of this run.")] | UnsetType = UNSET
    manifests: list[ManifestId] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ReleasedDocument(Struct):
    """What a release came to."""

    manifests: Annotated[list[ManifestSummary], Meta(description="Those with a new version.")]
    left_out: Annotated[
        list[dict[str, str]], Meta(description="Shipments that could not go out, each with its reason.")
    ]


class ManifestAcknowledgement(Struct):
    """The driver has a version."""

    version: Annotated[int, Meta(ge=1)]


class Happened(Struct):
    """When it happened; left out: now."""

    at: Moment | UnsetType = UNSET


class Finished(Struct):
    """How a visit ended. What it means for the parcel is a command of the shipment's."""

    outcome: Literal["delivered", "failed"]
    at: Moment | UnsetType = UNSET


class StopDocument(Struct):
    """A visit as it is now."""

    id: str
    manifest: ManifestId
    shipment: str
    state: Literal["planned", "arrived", "delivered", "failed", "removed"]
    place: int | None
    arrived_at: Moment | None
    finished_at: Moment | None


def summary(manifest: Manifest) -> ManifestSummary:
    """Of a row that `selectors.counted` read."""
    return ManifestSummary(
        id=manifest.public_id,
        state=manifest.state,  # type: ignore[arg-type]  # one of these, by the column's choices
        version=manifest.version,
        acknowledged_version=manifest.acknowledged_version,
        revision=manifest.revision,
        service_date=manifest.service_date.isoformat(),
        hub=manifest.hub.public_id,
        driver=manifest.driver.public_id,
        vehicle=manifest.vehicle.public_id if manifest.vehicle else None,
        run=manifest.run.public_id if manifest.run else None,
        stops=getattr(manifest, "stop_count", 0),
        ended=getattr(manifest, "ended_count", 0),
        distance_m=manifest.distance_m,
        duration_s=manifest.duration_s,
        starts_at=moment_text(manifest.starts_at) if manifest.starts_at else None,
        ends_at=moment_text(manifest.ends_at) if manifest.ends_at else None,
        released_at=moment_text(manifest.released_at) if manifest.released_at else None,
        begun_at=moment_text(manifest.begun_at) if manifest.begun_at else None,
        done_at=moment_text(manifest.done_at) if manifest.done_at else None,
    )


def whole(manifest: Manifest) -> ManifestDocument:
    """With its stops as they stand."""
    return ManifestDocument(
        id=manifest.public_id,
        **document(manifest),
        acknowledged_version=manifest.acknowledged_version,
        revision=manifest.revision,
        cost=manifest.cost,
        why_driver=manifest.why_driver,
        flags=manifest.flags,
    )


def version_document(version: ManifestVersion, *, with_document: bool = False) -> ManifestVersionDocument:
    """As the API shows it."""
    return ManifestVersionDocument(
        version=version.number,
        released_at=moment_text(version.released_at),
        reason=version.reason,
        difference=version.difference,
        pushed_at=moment_text(version.pushed_at) if version.pushed_at else None,
        acknowledged_at=moment_text(version.acknowledged_at) if version.acknowledged_at else None,
        document=version.document if with_document else None,
    )
