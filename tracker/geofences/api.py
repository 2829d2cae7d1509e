"""`/api/v1/geofences`: list, make, look at, change, take out; upload many; all of them as GeoJSON."""

from contextlib import suppress
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.geofences import refusals
from tracker.geofences.bodies import FIELDS, read_body
from tracker.geofences.geojson import feature_collection
from tracker.geofences.models import Geofence
from tracker.geofences.publishing import NothingToPublish, publish
from tracker.geofences.schemas import (
    GeofenceDocument,
    GeofenceFacts,
    GeofencePage,
    UploadDocument,
    fault_documents,
    geofence_document,
)
from tracker.geofences.selectors import (
    drafts_of,
    find_geofence,
    geofences_after,
    latest_version,
    published_of,
    shapes_of,
)
from tracker.geofences.services import (
    ExternalIdTaken,
    TooManyGeofences,
    change_geofence,
    create_geofence,
    take_out,
)
from tracker.geofences.shape_facts import LONGEST_EXTERNAL_ID
from tracker.geofences.uploading import Applied, apply_upload
from tracker.geofences.uploads import Upload, read_upload
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import object_of
from tracker.http.problems import bad_request, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

GEOFENCE = OpenApiParameter(
    "geofence",
    str,
    "path",
    description="`gf_…`, or `external:` and the `external_id` its owner gave it, percent-encoded.",
)
FILTERS = [
    OpenApiParameter(
        "q", str, description="Only geofences whose name or external id contains this, in any case."
    ),
    OpenApiParameter("external_id", str, description="Only the geofence with exactly this external id."),
]
YES_OR_NO = ["true", "false"]


class Geofences(Endpoint):
    """All geofences of the environment."""

    @extend_schema(
        operation_id="list_geofences",
        summary="List geofences",
        tags=["Geofences"],
        parameters=[*FILTERS, LIMIT, CURSOR],
        responses=problems(GeofencePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Geofences with their draft and what is published of them, in the order they were made."""
        query = Query(request, "q", "external_id", "limit", "cursor")
        environment, limit = request.environment, limit_of(query)
        list_name = f"geofences:{environment.pk}"
        found = geofences_after(
            environment.pk,
            after=place_in(list_name, query, int),
            limit=limit + 1,
            text=query.text("q", longest=LONGEST_EXTERNAL_ID),
            external_id=query.text("external_id", longest=LONGEST_EXTERNAL_ID),
        )
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].pk) if more else None
        return Response(GeofencePage([geofence_document(one) for one in found], cursor))

    @extend_schema(
        operation_id="create_geofence",
        summary="Make a geofence",
        tags=["Geofences"],
        request=GeofenceFacts,
        responses=problems({(201, "application/json"): GeofenceDocument}, 409, 413, 415)
        | refusals.WITH_FAULTS,
    )
    def post(self, request: ApiRequest) -> Response:
        """A draft; it decides nothing before it is published. `publish: true` publishes it, and nothing else."""
        Query(request)
        body = object_of(request, *FIELDS, "publish")
        new, faults = read_body(body)
        if new is None:
            return refusals.refusal(faults)
        try:
            made = create_geofence(request.environment.pk, new, by=None)
        except ExternalIdTaken:
            raise refusals.id_taken() from None
        except TooManyGeofences:
            raise refusals.too_many() from None
        return _answer(request, made, publish_it=_wants_publish(body), status=201)


class OneGeofence(Endpoint):
    """A geofence."""

    @extend_schema(
        operation_id="get_geofence",
        summary="Look at a geofence",
        tags=["Geofences"],
        parameters=[GEOFENCE],
        responses=problems(GeofenceDocument, 404),
    )
    def get(self, request: ApiRequest, geofence: str) -> Response:
        """Its draft, and what is published of it."""
        Query(request)
        return Response(geofence_document(geofence_or_404(request, geofence)))

    @extend_schema(
        operation_id="update_geofence",
        summary="Change a geofence",
        tags=["Geofences"],
        parameters=[GEOFENCE],
        request=GeofenceFacts,
        responses=problems(GeofenceDocument, 404, 409, 413, 415) | refusals.WITH_FAULTS,
    )
    def patch(self, request: ApiRequest, geofence: str) -> Response:
        """Change its draft. What is published stays as it is until the next publish."""
        Query(request)
        body = object_of(request, *FIELDS, "publish")
        found = geofence_or_404(request, geofence)
        new, faults = read_body(body, found.draft or published_of(found), found.external_id)
        if new is None:
            return refusals.refusal(faults)
        try:
            changed = change_geofence(found, new, by=None)
        except ExternalIdTaken:
            raise refusals.id_taken() from None
        return _answer(request, changed, publish_it=_wants_publish(body))

    @extend_schema(
        operation_id="delete_geofence",
        summary="Take a geofence out",
        tags=["Geofences"],
        parameters=[
            GEOFENCE,
            OpenApiParameter("publish", str, enum=YES_OR_NO, description="Publish its end at once."),
        ],
        responses=problems(None, 404),
    )
    def delete(self, request: ApiRequest, geofence: str) -> Response:
        """The next publish ends it, and the stays of devices in it. One that was never published is gone at once."""
        query = Query(request, "publish")
        found = geofence_or_404(request, geofence)
        take_out(found)
        if query.choice("publish", YES_OR_NO) == "true" and published_of(found) is not None:
            _publish(request, found)
        return Response(status=204)


class GeofenceUpload(Endpoint):
    """Many geofences in one file."""

    parser_classes = refusals.UPLOAD_PARSERS

    @extend_schema(
        operation_id="upload_geofences",
        summary="Upload GeoJSON",
        tags=["Geofences"],
        parameters=[
            OpenApiParameter(
                "mode",
                str,
                enum=["merge", "replace"],
                description="`merge` (the default) leaves other geofences alone; `replace` takes out those that the "
                "file does not hold.",
            ),
            OpenApiParameter(
                "skip_invalid",
                str,
                enum=YES_OR_NO,
                description="Take the good features where some are refused.",
            ),
            OpenApiParameter("publish", str, enum=YES_OR_NO, description="Publish all drafts afterwards."),
        ],
        request={
            "application/geo+json": OpenApiTypes.OBJECT,
            "application/json": OpenApiTypes.OBJECT,
        },
        responses=problems(UploadDocument, 409, 413, 415) | refusals.WITH_FAULTS,
    )
    def post(self, request: ApiRequest) -> Response:
        """A FeatureCollection, a Feature or a bare geometry, of up to 8 MiB; its features become drafts.

        All of them or none: where one is refused nothing is stored, and the answer lists every fault with feature,
        ring, vertex and place. A feature whose `external_id`, `code` or `id` is known changes that geofence.
        Properties: `name`, `radius_m` (of a Point), `width_m` (of a LineString), `margin_m`, `dwell_s`,
        `alert_on_enter`, `alert_on_exit`, `colour`, `metadata`; all others become metadata.
        """
        query = Query(request, "mode", "skip_invalid", "publish")
        mode = query.choice("mode", ["merge", "replace"])
        skip = query.choice("skip_invalid", YES_OR_NO) == "true"
        publish_it = query.choice("publish", YES_OR_NO) == "true"
        upload = read_upload(request.data)
        if upload.faults.count and not (skip and upload.shapes):
            return refusals.refusal(upload.faults, code="invalid_upload")
        environment_id = request.environment.pk
        try:
            done = apply_upload(
                environment_id, upload.shapes, upload.ids if mode == "replace" else None, by=None
            )
        except TooManyGeofences:
            raise refusals.too_many() from None
        return Response(_uploaded(environment_id, upload, done, publish_it=publish_it))


class GeofencesAsGeoJSON(Endpoint):
    """The whole set as one document."""

    @extend_schema(
        operation_id="export_geofences",
        summary="Download as GeoJSON",
        tags=["Geofences"],
        parameters=[
            OpenApiParameter(
                "of", str, enum=["published", "draft"], description="Which set; `published` is the default."
            )
        ],
        responses=problems({(200, "application/geo+json"): OpenApiTypes.OBJECT}),
    )
    def get(self, request: ApiRequest) -> Response:
        """A FeatureCollection of the newest version, or of the drafts. Uploading it again changes nothing."""
        query = Query(request, "of")
        environment_id = request.environment.pk
        drafts = query.choice("of", ["published", "draft"]) == "draft"
        shapes = drafts_of(environment_id) if drafts else shapes_of(latest_version(environment_id))
        return Response(feature_collection(shapes.values()), content_type="application/geo+json")


def geofence_or_404(request: ApiRequest, reference: str) -> Geofence:
    """The geofence of the request's environment with that reference; raises the 404."""
    found = find_geofence(request.environment.pk, reference)
    if found is None:
        raise not_found("geofence")
    return found


def _wants_publish(body: dict[str, Any]) -> bool:
    wanted = body.get("publish", False)
    if not isinstance(wanted, bool):
        raise bad_request("invalid_field", "publish must be true or false.", "/publish")
    return wanted


def _answer(request: ApiRequest, geofence: Geofence, *, publish_it: bool, status: int = 200) -> Response:
    if publish_it:
        _publish(request, geofence)
    return Response(geofence_document(geofence_or_404(request, geofence.public_id)), status=status)


def _publish(request: ApiRequest, geofence: Geofence) -> None:
    """Publish this one; where it says what is published already, there is nothing to do."""
    with suppress(NothingToPublish):
        publish(request.environment.pk, now=timezone.now(), only=[geofence])


def _uploaded(environment_id: int, upload: Upload, done: Applied, *, publish_it: bool) -> UploadDocument:
    version = None
    if publish_it:
        with suppress(NothingToPublish):
            version = publish(environment_id, now=timezone.now(), note="Uploaded").number
    notes = [f"{shape.rules.name}: {note}" for shape in upload.shapes for note in shape.outline.notes]
    return UploadDocument(
        features=upload.features,
        created=done.created,
        changed=done.changed,
        unchanged=done.unchanged,
        taken_out=done.taken_out,
        skipped=upload.features - len(upload.shapes),
        faults=fault_documents(upload.faults),
        notes=notes[:100],
        version=version,
    )
