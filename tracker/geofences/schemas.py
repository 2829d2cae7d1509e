"""Geofences, versions and refused uploads as the API shows them."""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.geofences.comparison import Difference
from tracker.geofences.faults import Fault, Faults
from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersion
from tracker.geofences.selectors import published_of, state_of
from tracker.http.problems import Problem
from tracker.http.times import Moment, moment_text

GeofenceId = Annotated[str, Meta(examples=["gf_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
OwnersId = Annotated[str | None, Meta(description="The id its owner knows it by.", examples=["PUNE-W12"])]
Name = Annotated[str, Meta(max_length=200, examples=["Koregaon Park"])]
Geometry = Annotated[
    dict[str, Any],
    Meta(
        description="GeoJSON: a Polygon or MultiPolygon; a Point with `radius_m` (circle); a LineString with "
        "`width_m` (corridor).",
        examples=[{"type": "Point", "coordinates": [73.8937, 18.5362]}],
    ),
]
Radius = Annotated[
    float | None, Meta(description="Metres: of a circle its radius, of a corridor half its width.")
]
Margin = Annotated[
    float | None,
    Meta(
        description="Metres beyond the border at which evidence of a crossing begins. null: the house's rule, which "
        "goes by the accuracy of the fixes. 0: each fix decides by itself."
    ),
]
DwellSeconds = Annotated[int | None, Meta(description="Tell of stays this long, in seconds; null: do not.")]
Colour = Annotated[str, Meta(description="`#rrggbb`, or empty.", examples=["#1b6fa3"])]
AlertOnEnter = Annotated[bool, Meta(description="Raise an alert when a device enters.")]
AlertOnExit = Annotated[bool, Meta(description="Raise an alert when a device leaves.")]


class GeofenceShapeDocument(Struct):
    """One state of a geofence. It never changes; an edit makes another one."""

    name: Name
    kind: Annotated[str, Meta(description="`polygon`, `circle` or `corridor`.", examples=["circle"])]
    geometry: Geometry
    radius_m: Radius
    area_m2: Annotated[float, Meta(description="Square metres.")]
    margin_m: Margin
    dwell_s: DwellSeconds
    alert_on_enter: AlertOnEnter
    alert_on_exit: AlertOnExit
    colour: Colour
    metadata: dict[str, Any]
    made_at: Moment


class GeofenceDocument(Struct):
    """A geofence: what the next publish takes, and what decides now."""

    id: GeofenceId
    external_id: OwnersId
    state: Annotated[
        str,
        Meta(
            description="`new`: never published. `changed`: the draft differs from what is published. `published`: "
            "they are the same. `retiring`: the next publish ends it.",
            examples=["published"],
        ),
    ]
    draft: GeofenceShapeDocument | None
    published: GeofenceShapeDocument | None
    created_at: Moment


class GeofencePage(Struct):
    """Some geofences, in the order they were made."""

    data: list[GeofenceDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class GeofenceFacts(Struct):
    """What can be said of a geofence; a field that is left out of a change stays as it is."""

    name: Name | UnsetType = UNSET
    external_id: OwnersId | UnsetType = UNSET
    geometry: Geometry | UnsetType = UNSET
    radius_m: Annotated[float | UnsetType | None, Meta(description="Metres, of a circle.")] = UNSET
    width_m: Annotated[
        float | UnsetType | None, Meta(description="Metres, the whole width of a corridor.")
    ] = UNSET
    margin_m: Margin | UnsetType = UNSET
    dwell_s: DwellSeconds | UnsetType = UNSET
    alert_on_enter: AlertOnEnter | UnsetType = UNSET
    alert_on_exit: AlertOnExit | UnsetType = UNSET
    colour: Colour | UnsetType = UNSET
    metadata: Annotated[
        dict[str, Any] | UnsetType | None, Meta(description="Merged by its keys; null removes a key.")
    ] = UNSET
    publish: Annotated[bool, Meta(description="Publish this geofence at once, and nothing else.")] = False


class FaultDocument(Struct):
    """One reason why something cannot be a geofence, and where."""

    code: Annotated[str, Meta(examples=["self_intersection"])]
    detail: str
    path: Annotated[
        str,
        Meta(description="JSON pointer into the body.", examples=["/features/1/geometry/coordinates/0/2"]),
    ]
    feature: Annotated[int | None, Meta(description="Index of the feature, from 0.")]
    name: Annotated[str, Meta(description="Of the feature, as far as it is known.")]
    part: Annotated[int | None, Meta(description="Of a MultiPolygon: index of the polygon.")]
    ring: Annotated[int | None, Meta(description="0 is the outer ring, the others are holes.")]
    vertex: Annotated[int | None, Meta(description="Index of the position, from 0.")]
    longitude: Annotated[float | None, Meta(description="Where it can be seen, in degrees.")]
    latitude: float | None


class GeofenceProblem(Problem, kw_only=True):
    """A refusal with every fault found, the first hundred of them at most. Nothing was stored."""

    faults: list[FaultDocument] = []
    fault_count: int = 0


class UploadDocument(Struct):
    """What an upload did to the drafts."""

    features: Annotated[int, Meta(description="How many the file held.")]
    created: int
    changed: int
    unchanged: int
    taken_out: Annotated[int, Meta(description="With mode=replace: geofences that the file does not hold.")]
    skipped: Annotated[int, Meta(description="With skip_invalid=true: features that were refused.")]
    faults: list[FaultDocument]
    notes: Annotated[
        list[str], Meta(description="How some features were understood, where that may surprise.")
    ]
    version: Annotated[int | None, Meta(description="The version published by publish=true.")]


class VersionDocument(Struct):
    """A published set. It decides every fix recorded from `effective_at` on, until the next version does."""

    number: Annotated[int, Meta(examples=[7])]
    effective_at: Moment
    published_at: Moment
    published_by: Annotated[str | None, Meta(description="Who; null where a key did.")]
    note: str
    restores: Annotated[int | None, Meta(description="The version this one goes back to.")]


class VersionPage(Struct):
    """Some versions, the newest first."""

    data: list[VersionDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class MemberDocument(Struct):
    """A geofence in a comparison."""

    id: GeofenceId
    external_id: OwnersId
    name: Name
    changes: Annotated[
        list[str], Meta(description="What differs, in words.", examples=[["border", "margin"]])
    ]


class DifferenceDocument(Struct):
    """What differs between two sets."""

    added: list[MemberDocument]
    removed: list[MemberDocument]
    changed: list[MemberDocument]
    unchanged: int


class VersionDifference(Struct):
    """A version, and what it changed."""

    version: VersionDocument
    against: Annotated[int | None, Meta(description="The version it is compared with; null: with nothing.")]
    difference: DifferenceDocument


class PublishWish(Struct, forbid_unknown_fields=True):
    """What to publish."""

    note: Annotated[str, Meta(max_length=500, description="Why, for those who come after.")] = ""
    geofences: Annotated[
        list[str] | None,
        Meta(description="Only the drafts of these (`gf_…` or `external:…`); null or left out: all drafts."),
    ] = None


class RollbackWish(Struct, forbid_unknown_fields=True):
    """Why to go back."""

    note: Annotated[str, Meta(max_length=500, description="Why, for those who come after.")] = ""


def shape_document(shape: GeofenceShape) -> GeofenceShapeDocument:
    """A shape as the API shows it."""
    return GeofenceShapeDocument(
        name=shape.name,
        kind=shape.kind,
        geometry=shape.source,
        radius_m=shape.radius_m,
        area_m2=round(shape.area_m2, 2),
        margin_m=shape.margin_m,
        dwell_s=shape.dwell_s,
        alert_on_enter=shape.alert_on_enter,
        alert_on_exit=shape.alert_on_exit,
        colour=shape.colour,
        metadata=shape.metadata,
        made_at=moment_text(shape.made_at),
    )


def geofence_document(geofence: Geofence) -> GeofenceDocument:
    """A geofence that came from `selectors.with_published`."""
    published = published_of(geofence)
    return GeofenceDocument(
        id=geofence.public_id,
        external_id=geofence.external_id,
        state=state_of(geofence),
        draft=shape_document(geofence.draft) if geofence.draft else None,
        published=shape_document(published) if published else None,
        created_at=moment_text(geofence.created_at),
    )


def version_document(version: GeofenceVersion) -> VersionDocument:
    """A version as the API shows it."""
    return VersionDocument(
        number=version.number,
        effective_at=moment_text(version.effective_at),
        published_at=moment_text(version.published_at),
        published_by=version.published_by.email if version.published_by else None,
        note=version.note,
        restores=version.restores,
    )


def difference_document(difference: Difference) -> DifferenceDocument:
    """A comparison as the API shows it."""
    return DifferenceDocument(
        added=[_member(shape) for shape in difference.added],
        removed=[_member(shape) for shape in difference.removed],
        changed=[_member(change.after, change.what) for change in difference.changed],
        unchanged=difference.unchanged,
    )


def fault_documents(faults: Faults) -> list[FaultDocument]:
    """The faults that are listed."""
    return [_fault(fault) for fault in faults.kept]


def _fault(fault: Fault) -> FaultDocument:
    where = fault.where
    return FaultDocument(
        code=fault.code,
        detail=fault.sentence,
        path=where.path,
        feature=where.feature,
        name=where.name,
        part=where.part,
        ring=where.ring,
        vertex=where.vertex,
        longitude=fault.longitude,
        latitude=fault.latitude,
    )


def _member(shape: GeofenceShape, what: Iterable[str] = ()) -> MemberDocument:
    geofence = shape.geofence
    return MemberDocument(geofence.public_id, geofence.external_id, shape.name, list(what))
