"""Addresses of the API about drivers' phones and what they prove."""

from django.urls import path, register_converter

from dispatch.driving.phone_api import DriverPhone, DriverSignInLinks
from dispatch.driving.proofs_api import ProofContent, Proofs
from tracker.devices.references import DeviceReferenceConverter

register_converter(DeviceReferenceConverter, "driving_reference")

DRIVER = "api/v1/drivers/<driving_reference:driver>"
urlpatterns = [
    path(f"{DRIVER}/phone", DriverPhone.as_view(), name="api_driver_phone"),
    path(f"{DRIVER}/sign-in-links", DriverSignInLinks.as_view(), name="api_driver_sign_in_links"),
    path("api/v1/proofs", Proofs.as_view(), name="api_proofs"),
    path("api/v1/proofs/<str:proof>/content", ProofContent.as_view(), name="api_proof_content"),
]
