"""Addresses of the API, its description and the health check."""

from django.urls import path, register_converter

from tracker.certificates.api import DeviceCertificates, OneCertificate
from tracker.devices.api import Devices, OneDevice
from tracker.devices.references import DeviceReferenceConverter
from tracker.http.health import healthz
from tracker.http.reference import openapi, reference
from tracker.ingestion.api import OutcomeCounts, Quarantine
from tracker.letters.api import DeadLetters, Redrive
from tracker.positions.api import DeviceDailyLines, DevicePositions
from tracker.tenants.api import OwnEnvironment

register_converter(DeviceReferenceConverter, "device_reference")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/reference/", reference, name="api_reference"),
    path("api/v1/openapi.json", openapi, name="api_openapi"),
    # /api/v1/
    path("api/v1/environment", OwnEnvironment.as_view(), name="api_environment"),
    path("api/v1/outcomes", OutcomeCounts.as_view(), name="api_outcomes"),
    path("api/v1/quarantine", Quarantine.as_view(), name="api_quarantine"),
    path("api/v1/dead-letters", DeadLetters.as_view(), name="api_dead_letters"),
    path("api/v1/dead-letters/<str:letter>/redrive", Redrive.as_view(), name="api_dead_letter_redrive"),
    path("api/v1/devices", Devices.as_view(), name="api_devices"),
    # an external id may hold slashes, so the longer address comes first
    path(
        "api/v1/devices/<device_reference:device>/positions",
        DevicePositions.as_view(),
        name="api_device_positions",
    ),
    path(
        "api/v1/devices/<device_reference:device>/daily-lines",
        DeviceDailyLines.as_view(),
        name="api_device_daily_lines",
    ),
    path(
        "api/v1/devices/<device_reference:device>/certificates/<str:certificate>",
        OneCertificate.as_view(),
        name="api_certificate",
    ),
    path(
        "api/v1/devices/<device_reference:device>/certificates",
        DeviceCertificates.as_view(),
        name="api_certificates",
    ),
    path("api/v1/devices/<device_reference:device>", OneDevice.as_view(), name="api_device"),
]
