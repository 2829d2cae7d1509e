"""`/api/v1/shipments/{shipment}/tracking-link`: the address of the customer's page."""

from typing import Annotated

from drf_spectacular.utils import extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.shipments.answering import SHIPMENT, shipment_or_404
from dispatch.tracking.links import url_for
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query
from tracker.http.schema import problems


class TrackingLink(Struct):
    """Where a customer follows their shipment."""

    url: Annotated[
        str, Meta(description="The same each time. Ends working some time after the shipment has ended.")
    ]


class ShipmentTrackingLink(Endpoint):
    """The customer's link of a shipment."""

    @extend_schema(
        operation_id="get_tracking_link", summary="Get the customer's link", tags=["Shipments"], parameters=[SHIPMENT],
        responses=problems(TrackingLink, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, shipment: str) -> Response:
        """Whoever has it sees the shipment's state and when it comes, and may leave a note or choose another time where
        your settings allow that. Milepost's own notifications hold the same link."""
        Query(request)
        return Response(TrackingLink(url_for(shipment_or_404(request, shipment))))
