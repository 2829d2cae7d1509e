"""Addresses of the API about uploads and the gazetteer."""

from django.urls import path

from dispatch.intake.api import Gazetteer, OneShipmentUpload, ShipmentUploadRows, ShipmentUploads

urlpatterns = [
    path("api/v1/shipment-uploads", ShipmentUploads.as_view(), name="api_shipment_uploads"),
    path("api/v1/shipment-uploads/<str:upload>", OneShipmentUpload.as_view(), name="api_shipment_upload"),
    path(
        "api/v1/shipment-uploads/<str:upload>/rows",
        ShipmentUploadRows.as_view(),
        name="api_shipment_upload_rows",
    ),
    path("api/v1/gazetteer", Gazetteer.as_view(), name="api_gazetteer"),
]
