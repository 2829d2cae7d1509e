"""`/api/v1/geofence-versions`: what was published when, what it changed, publishing, going back."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.geofences import refusals
from tracker.geofences.geojson import feature_collection
from tracker.geofences.models import Geofence
from tracker.geofences.publishing import NoSuchVersion, NothingToPublish, publish, roll_back
from tracker.geofences.schemas import (
    DifferenceDocument,
    PublishWish,
    RollbackWish,
    VersionDifference,
    VersionDocument,
    VersionPage,
    difference_document,
    version_document,
)
from tracker.geofences.selectors import (
    difference,
    find_geofence,
    shapes_of,
    unpublished,
    version_by_number,
    versions_before,
)
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import object_of, pointer
from tracker.http.problems import bad_request, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

NUMBER = OpenApiParameter("number", int, "path", description="The number of the version, from 1.")
LONGEST_NOTE = 500
MOST_NAMED = 1000


class GeofenceVersions(Endpoint):
    """The published versions."""

    @extend_schema(
        operation_id="list_geofence_versions",
        summary="List versions",
        tags=["Geofences"],
        parameters=[LIMIT, CURSOR],
        responses=problems(VersionPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Every published version of the set, the newest first. They are kept for ever: late fixes need them."""
        query = Query(request, "limit", "cursor")
        environment, limit = request.environment, limit_of(query)
        list_name = f"geofence-versions:{environment.pk}"
        found = versions_before(environment.pk, place_in(list_name, query, int), limit + 1)
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].number) if more else None
        return Response(VersionPage([version_document(one) for one in found], cursor))

    @extend_schema(
        operation_id="publish_geofences",
        summary="Publish",
        tags=["Geofences"],
        request=PublishWish,
        responses=problems({(201, "application/json"): VersionDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make the drafts a version, all at once. Fixes recorded from `effective_at` on are decided by it."""
        Query(request)
        body = object_of(request, "note", "geofences")
        only = _named(request, body.get("geofences"))
        note = _note(body.get("note"))
        try:
            version = publish(request.environment.pk, now=timezone.now(), note=note, only=only)
        except NothingToPublish:
            raise refusals.nothing_to_publish() from None
        return Response(version_document(version), status=201)


class NextVersion(Endpoint):
    """What a publish would change."""

    @extend_schema(
        operation_id="compare_geofence_drafts",
        summary="See what a publish would change",
        tags=["Geofences"],
        responses=problems(DifferenceDocument),
    )
    def get(self, request: ApiRequest) -> Response:
        """The difference between the newest version and the drafts."""
        Query(request)
        return Response(difference_document(unpublished(request.environment.pk)))


class OneVersion(Endpoint):
    """A version."""

    @extend_schema(
        operation_id="get_geofence_version",
        summary="Look at a version",
        tags=["Geofences"],
        parameters=[
            NUMBER,
            OpenApiParameter(
                "against", int, description="Compare with this version; left out, with the one before."
            ),
        ],
        responses=problems(VersionDifference, 404),
    )
    def get(self, request: ApiRequest, number: int) -> Response:
        """What it changed: geofences added, removed and changed, and in what."""
        query = Query(request, "against")
        against = query.integer("against", 0, low=1, high=999_999_999) or None
        version = version_by_number(request.environment.pk, number)
        found = difference(request.environment.pk, number, against)
        if version is None or found is None:
            raise not_found("version")
        told = against if against is not None else (number - 1 or None)
        return Response(VersionDifference(version_document(version), told, difference_document(found)))


class VersionAsGeoJSON(Endpoint):
    """The shapes of a version."""

    @extend_schema(
        operation_id="export_geofence_version",
        summary="Download a version as GeoJSON",
        tags=["Geofences"],
        parameters=[NUMBER],
        responses=problems({(200, "application/geo+json"): OpenApiTypes.OBJECT}, 404),
    )
    def get(self, request: ApiRequest, number: int) -> Response:
        """A FeatureCollection of the geofences as this version has them."""
        Query(request)
        version = version_by_number(request.environment.pk, number)
        if version is None:
            raise not_found("version")
        return Response(feature_collection(shapes_of(version).values()), content_type="application/geo+json")


class VersionRollback(Endpoint):
    """Going back."""

    @extend_schema(
        operation_id="roll_back_geofences",
        summary="Go back to a version",
        tags=["Geofences"],
        parameters=[NUMBER],
        request=RollbackWish,
        responses=problems({(201, "application/json"): VersionDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, number: int) -> Response:
        """A new version with the shapes of that one; the drafts become these shapes, too."""
        Query(request)
        if version_by_number(request.environment.pk, number) is None:
            raise not_found("version")
        note = _note(object_of(request, "note").get("note"))
        try:
            version = roll_back(request.environment.pk, number, now=timezone.now(), note=note)
        except NoSuchVersion:
            raise not_found("version") from None
        except NothingToPublish:
            raise refusals.nothing_to_publish() from None
        return Response(version_document(version), status=201)


def _note(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_NOTE or "\x00" in value:
        raise bad_request(
            "invalid_field", f"note must be a text of at most {LONGEST_NOTE} characters.", "/note"
        )
    return value.strip()


def _named(request: ApiRequest, value: object) -> list[Geofence] | None:
    """The geofences a publish is limited to; None for all."""
    if value is None:
        return None
    if not isinstance(value, list) or not 0 < len(value) <= MOST_NAMED:
        raise bad_request(
            "invalid_field", f"geofences must be an array of 1 to {MOST_NAMED} references.", "/geofences"
        )
    found = []
    for number, reference in enumerate(value):
        geofence = find_geofence(request.environment.pk, reference) if isinstance(reference, str) else None
        if geofence is None:
            where = pointer("geofences", str(number))
            raise bad_request("invalid_field", f"There is no geofence {str(reference)[:60]!r} here.", where)
        found.append(geofence)
    return found
