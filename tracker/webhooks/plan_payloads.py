"""What the `data` of events about plans and manifests holds; the published schemas are made from these structs."""

from typing import Annotated

from msgspec import Meta, Struct

from tracker.http.times import Moment

RunId = Annotated[str, Meta(examples=["run_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
ManifestId = Annotated[str, Meta(examples=["mft_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
Day = Annotated[str, Meta(description="The hub's local day.", examples=["2026-05-01"])]


class AboutHub(Struct):
    """The hub it is about."""

    id: Annotated[str, Meta(examples=["hub_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    name: Annotated[str, Meta(examples=["North"])]


class AboutDriver(Struct):
    """The driver it is about."""

    id: Annotated[str, Meta(examples=["drv_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    name: Annotated[str, Meta(examples=["Asha"])]


class AboutManifest(Struct):
    """A manifest, as much of it as a notice needs."""

    id: ManifestId
    state: Annotated[str, Meta(examples=["released"])]
    version: Annotated[int, Meta(description="Of what the driver was given.", ge=0)]
    service_date: Day
    hub: AboutHub
    driver: AboutDriver
    stops: Annotated[int, Meta(description="How many are on it, done and open.", ge=0)]


class ManifestReleased(Struct):
    """A driver was given a manifest, or a new version of it."""

    manifest: AboutManifest
    added: Annotated[list[str], Meta(description="Shipments that were not in the version before.")]
    removed: Annotated[list[str], Meta(description="Shipments of the version before that are gone.")]
    moved: Annotated[list[str], Meta(description="Shipments whose place in the order is another.")]
    reason: Annotated[str, Meta(description="Why; may be empty.", examples=["Window of 09:00"])]


class ManifestAcknowledged(Struct):
    """The driver has a version and says so."""

    manifest: AboutManifest
    version: Annotated[int, Meta(ge=1)]
    acknowledged_at: Moment


class AboutRun(Struct):
    """A run of the planner."""

    id: RunId
    hub: AboutHub
    cause: Annotated[str, Meta(description="`window`, `person` or `change`.", examples=["window"])]
    service_date: Day
    due_at: Moment


class PlanFinished(Struct):
    """A plan was made; its manifests are drafts, or released where the window says so."""

    run: AboutRun
    stopped: Annotated[bool, Meta(description="Somebody ended the search early; its best was kept.")]
    manifests: Annotated[int, Meta(ge=0)]
    stops: Annotated[int, Meta(description="Stops that are planned.", ge=0)]
    unserved: Annotated[int, Meta(description="Shipments that no driver could take.", ge=0)]
    released: bool


class PlanFailed(Struct):
    """No plan could be made; the last one stays in force."""

    run: AboutRun
    reason: Annotated[str, Meta(examples=["No driver of North is on shift today."])]
