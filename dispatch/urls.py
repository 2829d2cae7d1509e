"""Addresses of dispatch, a capability at a time."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # /console/dispatch/hubs/, drivers/, vehicles/
    path("console/dispatch/", include("dispatch.fleet.urls")),
    # /console/dispatch/ (the day's figures)
    path("console/dispatch/", include("dispatch.metrics.urls")),
    # /console/dispatch/shipments/, uploads/, places/, gazetteer/
    path("console/dispatch/shipments/", include("dispatch.shipments.console.urls")),
    path("console/dispatch/", include("dispatch.intake.urls")),
    path("", include("dispatch.shipments.evidence.urls")),
    # /console/dispatch/runs/, windows/, manifests/
    path("console/dispatch/", include("dispatch.planning.urls")),
    path("console/dispatch/", include("dispatch.manifests.urls")),
    # /console/dispatch/board/, patterns/
    path("console/dispatch/board/", include("dispatch.manifests.board_urls")),
    path("console/dispatch/overrides/", include("dispatch.patterns.urls")),
    # /console/dispatch/settings/, /api/v1/dispatch-settings
    path("", include("dispatch.rules.urls")),
    # /console/dispatch/sagas/, notifications/
    path("console/dispatch/", include("dispatch.sagas.urls")),
    path("console/dispatch/", include("dispatch.notifications.urls")),
    # /d/ (the driver's page)
    path("", include("dispatch.driving.urls")),
    # /s/ (the customer's page)
    path("s/", include("dispatch.tracking.urls")),
    # /api/v1/; an external id may hold slashes, so addresses behind one come before the one itself
    path("", include("dispatch.driving.api_urls")),
    path("", include("dispatch.tracking.api_urls")),
    path("", include("dispatch.planning.api_urls")),
    path("", include("dispatch.manifests.api_urls")),
    path("", include("dispatch.sagas.api_urls")),
    path("", include("dispatch.notifications.api_urls")),
    path("", include("dispatch.manifests.overrides_api_urls")),
    path("", include("dispatch.patterns.api_urls")),
    path("", include("dispatch.fleet.api_urls")),
    path("", include("dispatch.metrics.api_urls")),
    path("", include("dispatch.shipments.api_urls")),
    path("", include("dispatch.intake.api_urls")),
]
