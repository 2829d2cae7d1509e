"""The day's progress over the API, for drivers' apps that are not ours: acknowledge, set out, arrive, finish."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.manifests.answering import (
    body_of,
    manifest_or_404,
    moment_in,
    refusals,
    stop_document,
    stop_or_404,
)
from dispatch.manifests.schemas import (
    Finished,
    Happened,
    ManifestAcknowledgement,
    ManifestDocument,
    StopDocument,
    whole,
)
from dispatch.manifests.services import acknowledge, arrive, begin, finish
from dispatch.shipments.authors import of_key
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.problems import bad_request
from tracker.http.query import Query
from tracker.http.schema import problems

MANIFEST = OpenApiParameter("manifest", str, "path", description="`mft_…`.")
STOP = OpenApiParameter("stop", str, "path", description="`stp_…`.")
OUTCOMES = ("delivered", "failed")


class Acknowledge(Endpoint):
    """The driver has it."""

    @extend_schema(
        operation_id="acknowledge_manifest", summary="Acknowledge a version", tags=["Manifests"],
        parameters=[MANIFEST], request=ManifestAcknowledgement,
        responses=problems(ManifestDocument, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest, manifest: str) -> Response:
        """The driver has this version. Of the newest one the manifest becomes acknowledged. 409 `unknown_version`."""
        Query(request)
        found = manifest_or_404(request, manifest)
        version = object_of(request, "version").get("version")
        if type(version) is not int or version < 1:
            raise bad_request("invalid_field", "version must be a whole number from 1.", "/version")
        with refusals():
            acknowledge(request.environment.pk, found.pk, version, now=timezone.now())
        return Response(whole(manifest_or_404(request, manifest)))


class Begin(Endpoint):
    """The driver sets out."""

    @extend_schema(
        operation_id="begin_manifest", summary="Begin a manifest", tags=["Manifests"], parameters=[MANIFEST],
        request=Happened, responses=problems(ManifestDocument, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest, manifest: str) -> Response:
        """The driver set out, with everything that is on it: its shipments are out for delivery."""
        Query(request)
        found, now = manifest_or_404(request, manifest), timezone.now()
        at = moment_in(body_of(request, "at"), now)
        with refusals():
            begin(request.environment.pk, found.pk, at=at, by=of_key(request.auth), now=now)
        return Response(whole(manifest_or_404(request, manifest)))


class Arrive(Endpoint):
    """The driver is there."""

    @extend_schema(
        operation_id="arrive_at_stop", summary="Arrive at a stop", tags=["Manifests"], parameters=[STOP],
        request=Happened, responses=problems(StopDocument, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest, stop: str) -> Response:
        """The driver is there; in whatever order they take their stops."""
        Query(request)
        found, now = stop_or_404(request, stop), timezone.now()
        at = moment_in(body_of(request, "at"), now)
        with refusals():
            arrive(request.environment.pk, found.pk, at=at, by=of_key(request.auth), now=now)
        return Response(stop_document(stop_or_404(request, stop)))


class Finish(Endpoint):
    """A visit is over."""

    @extend_schema(
        operation_id="finish_stop", summary="Finish a stop", tags=["Manifests"], parameters=[STOP],
        request=Finished, responses=problems(StopDocument, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest, stop: str) -> Response:
        """The visit is over. The last one ends the manifest.

        What became of the parcel is a command of the shipment (confirm the delivery, fail the attempt), which finishes
        its stop by itself a moment later; this is for who wants both at once.
        """
        Query(request)
        found, now = stop_or_404(request, stop), timezone.now()
        body = object_of(request, "outcome", "at")
        if body.get("outcome") not in OUTCOMES:
            raise bad_request("invalid_field", f"outcome must be one of {', '.join(OUTCOMES)}.", "/outcome")
        at = moment_in(body, now)
        with refusals():
            finish(request.environment.pk, found.pk, body["outcome"], at=at, by=of_key(request.auth), now=now)
        return Response(stop_document(stop_or_404(request, stop)))
