"""Addresses of the API about shipments."""

from django.urls import path, register_converter

from dispatch.shipments.api import OneShipment, ShipmentBatch, Shipments
from dispatch.shipments.command_api import OFFERED, endpoint_of
from dispatch.shipments.events_api import EventsOfShipment, ShipmentEventFeed
from dispatch.shipments.evidence.api import Evidence, SigningKey
from dispatch.shipments.references import ShipmentReferenceConverter

register_converter(ShipmentReferenceConverter, "shipment_reference")

ONE = "api/v1/shipments/<shipment_reference:shipment>"
urlpatterns = [
    path("api/v1/shipment-events", ShipmentEventFeed.as_view(), name="api_shipment_events"),
    path("api/v1/shipments", Shipments.as_view(), name="api_shipments"),
    path("api/v1/shipments/batch", ShipmentBatch.as_view(), name="api_shipments_batch"),
    # an external id may hold slashes, so the longer addresses come first
    path("api/v1/evidence-key", SigningKey.as_view(), name="api_evidence_key"),
    path(f"{ONE}/evidence", Evidence.as_view(), name="api_shipment_evidence"),
    path(f"{ONE}/events", EventsOfShipment.as_view(), name="api_shipment_history"),
    *(
        path(
            f"{ONE}/{address}",
            endpoint_of(kind, body, summary, text).as_view(),
            name=f"api_shipment_{address.replace('-', '_')}",
        )
        for address, kind, body, summary, text in OFFERED
    ),
    path(ONE, OneShipment.as_view(), name="api_shipment"),
]
