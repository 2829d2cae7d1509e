"""Addresses of the API, its description and the health check."""

from django.urls import path, register_converter

from tracker.alerts.api import AcknowledgeAlert, Alerts, ExpectedPresences, OneExpectedPresence
from tracker.certificates.api import DeviceCertificates, OneCertificate
from tracker.devices.api import Devices, OneDevice
from tracker.devices.references import DeviceReferenceConverter
from tracker.geofences.api import Geofences, GeofencesAsGeoJSON, GeofenceUpload, OneGeofence
from tracker.geofences.crossings_api import Crossings, Visits
from tracker.geofences.occupants_api import GeofenceDevices
from tracker.geofences.versions_api import (
    GeofenceVersions,
    NextVersion,
    OneVersion,
    VersionAsGeoJSON,
    VersionRollback,
)
from tracker.http.health import healthz
from tracker.http.reference import openapi, reference
from tracker.ingestion.api import OutcomeCounts, Quarantine
from tracker.letters.api import DeadLetters, Redrive
from tracker.outbox.api import Events
from tracker.positions.api import DeviceDailyLines, DevicePositions
from tracker.tenants.api import OwnEnvironment
from tracker.trips.api import CancelTrip, CompleteTrip, OneTrip, Trips
from tracker.trips.history_api import DeviceHistory
from tracker.trips.nearest_api import NearestDevices
from tracker.trips.share_api import OneTripShare, TripShares
from tracker.webhooks import api as webhooks
from tracker.webhooks import log_api as webhook_log

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
    path("api/v1/events", Events.as_view(), name="api_events"),
    # /api/v1/webhook-endpoints, /api/v1/webhook-schemas
    path("api/v1/webhook-schemas", webhook_log.WebhookSchemaList.as_view(), name="api_webhook_schemas"),
    path("api/v1/webhook-schemas/<str:kind>", webhook_log.WebhookSchema.as_view(), name="api_webhook_schema"),
    path("api/v1/webhook-endpoints", webhooks.WebhookEndpointList.as_view(), name="api_webhook_endpoints"),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>",
        webhooks.OneWebhookEndpoint.as_view(),
        name="api_webhook_endpoint",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/verify",
        webhooks.VerifyWebhookEndpoint.as_view(),
        name="api_webhook_endpoint_verify",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/rotate-secret",
        webhooks.RotateWebhookSecret.as_view(),
        name="api_webhook_endpoint_rotate",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/test",
        webhooks.TestWebhookEndpoint.as_view(),
        name="api_webhook_endpoint_test",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/enable",
        webhooks.EnableWebhookEndpoint.as_view(),
        name="api_webhook_endpoint_enable",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/disable",
        webhooks.DisableWebhookEndpoint.as_view(),
        name="api_webhook_endpoint_disable",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/replay",
        webhook_log.ReplayWebhooks.as_view(),
        name="api_webhook_replay",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/messages",
        webhook_log.WebhookMessages.as_view(),
        name="api_webhook_messages",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/messages/<str:message>",
        webhook_log.OneWebhookMessage.as_view(),
        name="api_webhook_message",
    ),
    path(
        "api/v1/webhook-endpoints/<str:endpoint>/messages/<str:message>/replay",
        webhook_log.ReplayWebhookMessage.as_view(),
        name="api_webhook_message_replay",
    ),
    path("api/v1/alerts", Alerts.as_view(), name="api_alerts"),
    path("api/v1/alerts/<str:alert>/acknowledge", AcknowledgeAlert.as_view(), name="api_alert_acknowledge"),
    path("api/v1/expected-presences", ExpectedPresences.as_view(), name="api_expected_presences"),
    path(
        "api/v1/expected-presences/<str:expected>",
        OneExpectedPresence.as_view(),
        name="api_expected_presence",
    ),
    path("api/v1/devices", Devices.as_view(), name="api_devices"),
    path("api/v1/devices/nearest", NearestDevices.as_view(), name="api_nearest_devices"),
    path("api/v1/trips", Trips.as_view(), name="api_trips"),
    path(
        "api/v1/trips/<device_reference:trip>/shares/<str:share>",
        OneTripShare.as_view(),
        name="api_trip_share",
    ),
    path("api/v1/trips/<device_reference:trip>/shares", TripShares.as_view(), name="api_trip_shares"),
    path("api/v1/trips/<device_reference:trip>/complete", CompleteTrip.as_view(), name="api_trip_complete"),
    path("api/v1/trips/<device_reference:trip>/cancel", CancelTrip.as_view(), name="api_trip_cancel"),
    path("api/v1/trips/<device_reference:trip>", OneTrip.as_view(), name="api_trip"),
    # an external id may hold slashes, so the longer address comes first
    path(
        "api/v1/devices/<device_reference:device>/positions",
        DevicePositions.as_view(),
        name="api_device_positions",
    ),
    path(
        "api/v1/devices/<device_reference:device>/history",
        DeviceHistory.as_view(),
        name="api_device_history",
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
    path(
        "api/v1/geofences/<device_reference:geofence>/devices",
        GeofenceDevices.as_view(),
        name="api_geofence_devices",
    ),
    path("api/v1/devices/<device_reference:device>", OneDevice.as_view(), name="api_device"),
    path("api/v1/crossings", Crossings.as_view(), name="api_crossings"),
    path("api/v1/visits", Visits.as_view(), name="api_visits"),
    path("api/v1/geofences", Geofences.as_view(), name="api_geofences"),
    path("api/v1/geofences/upload", GeofenceUpload.as_view(), name="api_geofences_upload"),
    path("api/v1/geofences/geojson", GeofencesAsGeoJSON.as_view(), name="api_geofences_geojson"),
    path("api/v1/geofences/<device_reference:geofence>", OneGeofence.as_view(), name="api_geofence"),
    path("api/v1/geofence-versions", GeofenceVersions.as_view(), name="api_geofence_versions"),
    path("api/v1/geofence-versions/next", NextVersion.as_view(), name="api_geofence_next_version"),
    path("api/v1/geofence-versions/<int:number>", OneVersion.as_view(), name="api_geofence_version"),
    path(
        "api/v1/geofence-versions/<int:number>/geojson",
        VersionAsGeoJSON.as_view(),
        name="api_geofence_version_geojson",
    ),
    path(
        "api/v1/geofence-versions/<int:number>/rollback",
        VersionRollback.as_view(),
        name="api_geofence_version_rollback",
    ),
]
