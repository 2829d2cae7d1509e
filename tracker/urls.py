"""Addresses of the tracker, a capability at a time."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # / and /console/
    path("", include("tracker.console.urls")),
    # /console/keys/
    path("console/keys/", include("tracker.keys.urls")),
    # /console/devices/
    path("console/devices/", include("tracker.devices.urls")),
    path("console/devices/", include("tracker.units.urls")),
    path("console/devices/", include("tracker.certificates.urls")),
    # /console/trips/, /t/
    path("console/trips/", include("tracker.trips.urls")),
    path("t/", include("tracker.trips.share_urls")),
    # /console/connect/, /connect/
    path("", include("tracker.connect.urls")),
    # /console/geofences/
    path("console/geofences/", include("tracker.geofences.urls")),
    # /console/alerts/
    path("console/alerts/", include("tracker.alerts.urls")),
    # /console/quarantine/
    path("console/quarantine/", include("tracker.ingestion.urls")),
    # /console/dead-letters/
    path("console/dead-letters/", include("tracker.letters.urls")),
    # /console/webhooks/
    path("console/webhooks/", include("tracker.webhooks.urls")),
    # /console/requests/
    path("console/requests/", include("tracker.requestlog.urls")),
    path("console/requests/", include("tracker.follow.urls")),
    # /console/audit/
    path("console/audit/", include("tracker.audit.urls")),
    # /console/members/, /console/join/, /console/settings/, /console/organisations/
    path("", include("tracker.tenants.urls")),
    # /console/data/, /console/environments/, /console/acting/
    path("console/data/", include("tracker.privacy.urls")),
    path("console/environments/", include("tracker.sandboxes.urls")),
    path("console/acting/", include("tracker.acting.urls")),
    # /api/, /healthz
    path("", include("tracker.api_urls")),
    # /map
    path("", include("tracker.live.urls")),
]
