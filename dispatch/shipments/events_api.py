"""`/api/v1/shipments/{shipment}/events` and the feed of all, `/api/v1/shipment-events`."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.shipments.answering import SHIPMENT, shipment_or_404
from dispatch.shipments.history import moot
from dispatch.shipments.schemas import ShipmentEvents, ShipmentFeed, event_document
from dispatch.shipments.selectors import BEGINNING, Place, events_of, feed, newest_place
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.query import Query, wrong
from tracker.http.schema import LIMIT, problems

OLDEST, NEWEST = "oldest", "newest"


class EventsOfShipment(Endpoint):
    """What happened to a shipment."""

    @extend_schema(
        operation_id="list_events_of_shipment", summary="What happened to a shipment", tags=["Shipments"],
        parameters=[SHIPMENT], responses=problems(ShipmentEvents, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, shipment: str) -> Response:
        """All its events by number, the order in which they became known; `occurred_at` is when each happened. The
        chain of `sha256` is described in the evidence pack, which can be checked offline."""
        Query(request)
        found = shipment_or_404(request, shipment)
        stored = events_of(request.environment, found.pk)
        without_effect = moot([event.known for event in stored])
        rows = [event_document(event, event.link.sequence in without_effect) for event in stored]
        return Response(ShipmentEvents(rows))


class ShipmentEventFeed(Endpoint):
    """The events of all shipments."""

    @extend_schema(
        operation_id="list_shipment_events", summary="What happened to all shipments", tags=["Shipments"],
        parameters=[
            OpenApiParameter(
                "start", str, enum=[OLDEST, NEWEST],
                description="Where to begin without a cursor: `oldest` (the default), or `newest`, which answers with "
                "no event and the cursor for whatever comes from now on.",
            ),
            LIMIT,
            OpenApiParameter(
                "cursor", str, description="The `next_cursor` of the answer before, even of one with no event."
            ),
        ],
        responses=problems(ShipmentFeed),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Events in an order in which nothing is ever put in before a place you have read up to, so a backend that
        keeps its cursor misses nothing and gets nothing twice. Kept for ever, unlike `GET /api/v1/events`."""
        query = Query(request, "start", "limit", "cursor")
        limit, list_name = limit_of(query), f"shipment-events:{request.environment.pk}"
        start, place = query.choice("start", [OLDEST, NEWEST]), place_in(list_name, query, Place)
        if start and place:
            raise wrong("start", "start says where to begin without a cursor: leave one of the two out.")
        if start == NEWEST:
            return Response(ShipmentFeed([], more=False, next_cursor=cursor_of(list_name, newest_place())))
        found = feed(request.environment, place or BEGINNING, limit=limit)
        if found.place_is_unknown:
            raise wrong("cursor", "This place is not known any more: begin again at the oldest.")
        rows = [event_document(event) for event in found.events]
        return Response(ShipmentFeed(rows, found.more, cursor_of(list_name, found.place)))
