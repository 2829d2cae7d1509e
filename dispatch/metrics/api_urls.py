"""Addresses of the figures in the API."""

from django.urls import path

from dispatch.metrics.api import HubDays, SlotCalibration

urlpatterns = [
    path("api/v1/dispatch/days", HubDays.as_view(), name="api_hub_days"),
    path("api/v1/dispatch/calibration", SlotCalibration.as_view(), name="api_slot_calibration"),
]
