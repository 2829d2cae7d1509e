"""`/api/v1/manifests`: what drivers have or will have, every version of it, and its release."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import driver_or_404, hub_or_404
from dispatch.manifests.answering import manifest_or_404, refusals
from dispatch.manifests.models import Manifest
from dispatch.manifests.releasing import release
from dispatch.manifests.schemas import (
    ManifestDocument,
    ManifestPage,
    ManifestVersionDocument,
    ManifestVersionPage,
    Release,
    ReleasedDocument,
    summary,
    version_document,
    whole,
)
from dispatch.manifests.selectors import counted, drafts_of, manifests, shipments_named, versions_of
from dispatch.planning.selectors import run_of
from dispatch.shipments.authors import of_key
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.parsing import object_of
from tracker.http.problems import bad_request, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

MANIFEST = OpenApiParameter("manifest", str, "path", description="`mft_…`.")
VERSION = OpenApiParameter("version", int, "path", description="Counts from 1.")
MOST_RELEASED = 2_000
LONGEST_REASON = 300


class Manifests(Endpoint):
    """Manifests."""

    @extend_schema(
        operation_id="list_manifests",
        summary="List manifests",
        tags=["Manifests"],
        parameters=[
            OpenApiParameter("hub", str, description="Only those of this hub: `hub_…` or `external:…`."),
            OpenApiParameter(
                "driver", str, description="Only those of this driver: `drv_…` or `external:…`."
            ),
            OpenApiParameter("service_date", str, description="Only those of this local day, as 2026-05-01."),
            OpenApiParameter("state", str, enum=Manifest.State.values, description="Only those in it."),
            OpenApiParameter("run", str, description="Only those that this run made."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(ManifestPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Manifests without their stops, the newest first."""
        query = Query(request, "hub", "driver", "service_date", "state", "run", "limit", "cursor")
        state = query.choice("state", Manifest.State.values)
        rows = counted(
            manifests(
                request.environment, service_date=query.day("service_date"), states=[state] if state else []
            )
        )
        if hub := query.text("hub"):
            rows = rows.filter(hub=hub_or_404(request, hub))
        if driver := query.text("driver"):
            rows = rows.filter(driver=driver_or_404(request, driver))
        if run := query.text("run"):
            rows = rows.filter(run=_run(request, run))
        found, cursor = newest_first(f"manifests:{request.environment.pk}", query, rows)
        return Response(ManifestPage([summary(row) for row in found], cursor))


class OneManifest(Endpoint):
    """A manifest."""

    @extend_schema(
        operation_id="get_manifest", summary="Look at a manifest", tags=["Manifests"], parameters=[MANIFEST],
        responses=problems(ManifestDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, manifest: str) -> Response:
        """A manifest as it stands now, with its stops in order."""
        Query(request)
        return Response(whole(manifest_or_404(request, manifest)))


class Versions(Endpoint):
    """What a driver was given."""

    @extend_schema(
        operation_id="list_manifest_versions", summary="List versions", tags=["Manifests"], parameters=[MANIFEST],
        responses=problems(ManifestVersionPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, manifest: str) -> Response:
        """Every version the driver was given, the newest first, with how each differs from the one before."""
        Query(request)
        rows = versions_of(manifest_or_404(request, manifest))
        return Response(ManifestVersionPage([version_document(row) for row in rows]))


class OneVersion(Endpoint):
    """One version."""

    @extend_schema(
        operation_id="get_manifest_version", summary="Look at a version", tags=["Manifests"],
        parameters=[MANIFEST, VERSION], responses=problems(ManifestVersionDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, manifest: str, version: int) -> Response:
        """A version with the document that was pushed; it never changes."""
        Query(request)
        row = versions_of(manifest_or_404(request, manifest)).filter(number=version).first()
        if row is None:
            raise not_found("version")
        return Response(version_document(row, with_document=True))


class ReleaseManifests(Endpoint):
    """Drafts go out."""

    @extend_schema(
        operation_id="release_manifests", summary="Release drafts", tags=["Manifests"], request=Release,
        responses=problems(ReleasedDocument, 404, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Give drivers the drafts of a run, or those that are named.

        A driver who has a manifest of that day gets its next version: what is done or begun stays, and what a person
        changed since the draft was planned stays. What was released already is passed over. `left_out` names the
        shipments that could not go out, and why.
        """
        Query(request)
        body = object_of(request, "run", "manifests", "reason")
        keys = _drafts(request, body)
        reason = body.get("reason") or ""
        if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
            raise bad_request(
                "invalid_field", f"reason must be a text of at most {LONGEST_REASON} characters.", "/reason"
            )
        with refusals():
            done = release(
                request.environment.pk, keys, by=of_key(request.auth), reason=reason, now=timezone.now()
            )
        rows = counted(manifests(request.environment)).filter(pk__in=[row.pk for row in done.manifests])
        names = shipments_named(request.environment, done.left_out)
        left_out = [{"shipment": names[key], "reason": why} for key, why in done.left_out.items()]
        return Response(ReleasedDocument([summary(row) for row in rows.order_by("pk")], left_out))


def _drafts(request: ApiRequest, body: dict[str, Any]) -> list[int]:
    """The row numbers of what is to go out."""
    if ("run" in body) == ("manifests" in body):
        raise bad_request("invalid_body", "Give a run, or a list of manifests.", "/run")
    if "run" in body:
        return drafts_of(_run(request, body["run"]))
    named = body["manifests"]
    if not isinstance(named, list) or not 1 <= len(named) <= MOST_RELEASED:
        detail = f"manifests must be a list of 1 to {MOST_RELEASED} ids of manifests."
        raise bad_request("invalid_field", detail, "/manifests")
    return [manifest_or_404(request, str(one)).pk for one in named]


def _run(request: ApiRequest, public_id: object) -> Any:
    found = run_of(request.environment, str(public_id))
    if found is None:
        raise not_found("run")
    return found
