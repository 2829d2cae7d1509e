"""`/api/v1/hubs`: the tree, and what its subtrees hold."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import (
    EXTERNAL,
    RETIRED,
    TEXT,
    filters,
    hub_or_404,
    in_service,
    page,
    path_of,
    refusals,
)
from dispatch.fleet.schemas import (
    HubChange,
    HubDocument,
    HubPage,
    HubTotalsList,
    NewHub,
    hub_document,
    totals_document,
)
from dispatch.fleet.selectors import hubs_of
from dispatch.fleet.services import change_hub, create_hub, retire_hub
from dispatch.fleet.tree import descendants, subtree_totals
from dispatch.fleet.wishes import HUB_FIELDS, hub_wish
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

HUB = path_of("hub", "hub")
UNDER = OpenApiParameter(
    "under", str, description="Only this hub and those below it: `hub_…` or `external:…`."
)


class Hubs(Endpoint):
    """The tree of hubs."""

    @extend_schema(
        operation_id="list_hubs",
        summary="List hubs",
        tags=["Fleet"],
        parameters=[TEXT, EXTERNAL, UNDER, RETIRED, LIMIT, CURSOR],
        responses=problems(HubPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Hubs in the order they were made, each with the hub above it."""
        query = Query(request, "q", "external_id", "under", "retired", "limit", "cursor")
        rows = hubs_of(request.environment, **filters(query))
        if (under := query.text("under")) is not None:
            rows = rows.filter(pk__in=descendants(request.environment, hub_or_404(request, under).pk))
        return Response(
            HubPage(*page(request, query, "hubs", rows, lambda one: [hub_document(h) for h in one]))
        )

    @extend_schema(
        operation_id="create_hub",
        summary="Make a hub",
        tags=["Fleet"],
        request=NewHub,
        responses=problems({201: HubDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make a hub at the top of the tree, or below another one.

        A region may hold regions, centres and zones, a centre centres and zones, a zone zones; to any depth. 409
        `external_id_taken` where another hub has the id.
        """
        Query(request)
        with refusals():
            made = create_hub(
                request.environment,
                hub_wish(request.environment, object_of(request, *HUB_FIELDS)),
                now=timezone.now(),
            )
        return Response(hub_document(hub_or_404(request, made.public_id)), status=201)


class OneHub(Endpoint):
    """A hub."""

    @extend_schema(
        operation_id="get_hub", summary="Look at a hub", tags=["Fleet"], parameters=[HUB],
        responses=problems(HubDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, hub: str) -> Response:
        """A hub as it is now, also one out of service."""
        Query(request)
        return Response(hub_document(hub_or_404(request, hub)))

    @extend_schema(
        operation_id="update_hub",
        summary="Change or move a hub",
        tags=["Fleet"],
        parameters=[HUB],
        request=HubChange,
        responses=problems(HubDocument, 404, 409, 413, 415),
    )
    def patch(self, request: ApiRequest, hub: str) -> Response:
        """Change a hub. Another `parent` moves it with everything below it; null puts it at the top.

        409 `hub_below_itself` where the new parent lies below it, also when two moves at once would close a circle.
        """
        Query(request)
        found = hub_or_404(request, hub)
        in_service(found, "hub")
        with refusals():
            wish = hub_wish(request.environment, object_of(request, *HUB_FIELDS), found)
            return Response(hub_document(change_hub(found, wish, now=timezone.now())))

    @extend_schema(
        operation_id="retire_hub", summary="End a hub", tags=["Fleet"], parameters=[HUB],
        responses=problems(None, 404, 409),
    )  # fmt: skip
    def delete(self, request: ApiRequest, hub: str) -> Response:
        """Take a hub out of service; its past stays. 409 `in_use` while anything rests on it."""
        Query(request)
        with refusals():
            retire_hub(hub_or_404(request, hub), now=timezone.now())
        return Response(status=204)


class AllHubTotals(Endpoint):
    """What every hub and everything below it hold."""

    @extend_schema(
        operation_id="list_hub_totals",
        summary="Sum up subtrees",
        tags=["Fleet"],
        responses=problems(HubTotalsList),
    )
    def get(self, request: ApiRequest) -> Response:
        """For each hub in service: shipments by state, drivers, drivers on shift, late stops of its whole subtree."""
        Query(request)
        totals = subtree_totals(request.environment, now=timezone.now())
        hubs = hubs_of(request.environment).order_by("pk")
        return Response(
            HubTotalsList([totals_document(hub, totals[hub.pk]) for hub in hubs if hub.pk in totals])
        )
