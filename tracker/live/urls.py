"""Addresses of the live map, under /map, and of the page that limits who sees what on it."""

from django.urls import path

from tracker.live import limit_views, page_data, playback, views

urlpatterns = [
    path(
        "console/members/<str:member_id>/geofences/",
        limit_views.member_geofences,
        name="console_member_geofences",
    ),
    path("map", views.map_page, name="map"),
    path("map/basemap.pmtiles", views.basemap_file, name="map_basemap"),
    path("map/geofences.geojson", page_data.geofences, name="map_geofences"),
    path("map/alerts", page_data.alerts, name="map_alerts"),
    path("map/alerts/<str:alert_id>/acknowledge", page_data.acknowledge_alert, name="map_alert_acknowledge"),
    path("map/devices/<str:device_id>/track", views.device_track, name="map_track"),
    path("map/devices/<str:device_id>/day", playback.device_day, name="map_day"),
    path("map/as-known", playback.fleet_as_known, name="map_as_known"),
]
