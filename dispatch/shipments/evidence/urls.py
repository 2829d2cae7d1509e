"""Addresses of the evidence pack in the console."""

from django.urls import path

from dispatch.shipments.evidence.views import evidence

urlpatterns = [
    path(
        "console/dispatch/shipments/<str:shipment_id>/evidence.zip",
        evidence,
        name="console_shipment_evidence",
    ),
]
