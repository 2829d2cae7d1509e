"""Addresses of the API about the customer's page."""

from django.urls import path, register_converter

from dispatch.shipments.references import ShipmentReferenceConverter
from dispatch.tracking.api import ShipmentTrackingLink

register_converter(ShipmentReferenceConverter, "tracked_reference")

urlpatterns = [
    path(
        "api/v1/shipments/<tracked_reference:shipment>/tracking-link",
        ShipmentTrackingLink.as_view(),
        name="api_shipment_tracking_link",
    ),
]
