"""Addresses of the API about drivers' phones."""

from django.urls import path, register_converter

from dispatch.driving.phone_api import DriverPhone, DriverSignInLinks
from tracker.devices.references import DeviceReferenceConverter

register_converter(DeviceReferenceConverter, "driving_reference")

DRIVER = "api/v1/drivers/<driving_reference:driver>"
urlpatterns = [
    path(f"{DRIVER}/phone", DriverPhone.as_view(), name="api_driver_phone"),
    path(f"{DRIVER}/sign-in-links", DriverSignInLinks.as_view(), name="api_driver_sign_in_links"),
]
