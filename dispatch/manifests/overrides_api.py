"""`/api/v1/overrides`: weigh moves, make them, read them, take them back."""

from typing import Annotated, Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.fleet.answering import hub_or_404
from dispatch.manifests import overrides
from dispatch.manifests.board_answers import override_document, refusals_as_problems, weighing_document
from dispatch.manifests.board_bodies import OverrideBody, PreviewBody, UndoBody, day_in, moves_in, read
from dispatch.manifests.models import ManifestOverride
from dispatch.shipments.authors import of_key
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.parsing import object_of
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.http.times import Moment

OVERRIDE = OpenApiParameter("override", str, "path", description="`ovr_…`")
DATE = OpenApiParameter("date", str, description="Only those of this local day.")


class CostDocument(Struct):
    """A cost in the environment's cost units."""

    terms: dict[str, float]
    total: float


class BrokenDocument(Struct):
    """A rule that is broken afterwards; `new` says that it was not so before."""

    rule: str
    driver: str | None
    shipment: str | None
    by: int
    unit: str
    text: str
    new: bool


class WeighingDocument(Struct):
    """What moves would come to."""

    kind: str
    says: str
    before: CostDocument
    after: CostDocument
    violations: list[BrokenDocument]
    routes: Annotated[
        dict[str, Any], Meta(description="By driver: the stops with their new times in epoch ms.")
    ]


class OverrideDocument(Struct):
    """That a person changed a plan."""

    id: Annotated[str, Meta(examples=["ovr_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    hub: str
    service_date: str
    kind: str
    says: str
    reason_code: str
    reason: str
    author: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    cost_before: CostDocument
    cost_after: CostDocument
    violations: list[BrokenDocument]
    undoes: str | None
    created_at: Moment


class OverridePage(Struct):
    """A page of overrides, the newest first."""

    data: list[OverrideDocument]
    next_cursor: str | None


class OverridePreview(Endpoint):
    """Moves, weighed."""

    @extend_schema(
        operation_id="preview_override",
        summary="Weigh moves",
        tags=["Overrides"],
        request=PreviewBody,
        responses=problems(WeighingDocument, 404, 409, 413, 415),
    )
    @refusals_as_problems
    def post(self, request: ApiRequest) -> Response:
        """The cost before and after, term by term, and which rules would be broken. Nothing is written."""
        Query(request)
        body: PreviewBody = read(object_of(request, *PreviewBody.__struct_fields__), PreviewBody)
        hub = hub_or_404(request, body.hub)
        found = overrides.preview(
            request.environment.pk, hub, day_in(body.date), moves_in(body), now=timezone.now()
        )
        return Response(weighing_document(found))


class Overrides(Endpoint):
    """What people changed by hand."""

    @extend_schema(
        operation_id="list_overrides",
        summary="List overrides",
        tags=["Overrides"],
        parameters=[DATE, LIMIT, CURSOR],
        responses=problems(OverridePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Overrides, the newest first."""
        query = Query(request, "date", "limit", "cursor")
        rows = ManifestOverride.objects.for_environment(request.environment).select_related("hub", "undoes")
        if (day := query.text("date")) is not None:
            rows = rows.filter(service_date=day_in(day, "date"))
        found, cursor = newest_first(f"overrides:{request.environment.pk}", query, rows)
        documents = [override_document(row) for row in found]
        return Response({"data": documents, "next_cursor": cursor})

    @extend_schema(
        operation_id="create_override",
        summary="Move stops",
        description="No reason, no override. Name the `revision` of every manifest you looked at in `expected`: where "
        "one is another by now, the answer is a 409, code `changed_meanwhile`, whose `changes` say what and by whom.",
        tags=["Overrides"],
        request=OverrideBody,
        responses=problems({201: OverrideDocument}, 404, 409, 413, 415),
    )
    @refusals_as_problems
    def post(self, request: ApiRequest) -> Response:
        """Make moves; drivers whose manifests are in force get a new version."""
        Query(request)
        body: OverrideBody = read(object_of(request, *OverrideBody.__struct_fields__), OverrideBody)
        made = overrides.apply(
            request.environment.pk, hub_or_404(request, body.hub), day_in(body.date), moves_in(body),
            expected=body.expected, reason_code=body.reason_code, reason=body.reason,
            author=of_key(request.auth), now=timezone.now(),
        )  # fmt: skip
        return Response(override_document(made), status=201)


class OneOverride(Endpoint):
    """One override."""

    @extend_schema(
        operation_id="get_override",
        summary="Read an override",
        tags=["Overrides"],
        parameters=[OVERRIDE],
        responses=problems(OverrideDocument, 404),
    )
    @refusals_as_problems
    def get(self, request: ApiRequest, override: str) -> Response:
        """Before, after, who, why, and what it cost."""
        Query(request)
        return Response(override_document(overrides.override_of(request.environment.pk, override)))


class OverrideUndo(Endpoint):
    """Taking an override back."""

    @extend_schema(
        operation_id="undo_override",
        summary="Take an override back",
        tags=["Overrides"],
        parameters=[OVERRIDE],
        request=UndoBody,
        responses=problems({201: OverrideDocument}, 404, 409, 413, 415),
    )
    @refusals_as_problems
    def post(self, request: ApiRequest, override: str) -> Response:
        """Give the stops back to whom they were taken from; an override of its own, with a reason of its own."""
        Query(request)
        found = overrides.override_of(request.environment.pk, override)
        body: UndoBody = read(object_of(request, *UndoBody.__struct_fields__), UndoBody)
        made = overrides.undo(
            request.environment.pk, found, reason=body.reason, author=of_key(request.auth), now=timezone.now()
        )
        return Response(override_document(made), status=201)


__all__ = ["OneOverride", "OverridePreview", "OverrideUndo", "Overrides"]
