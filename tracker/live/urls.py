"""Addresses of the live map, under /map."""

from django.urls import path

from tracker.live import views

urlpatterns = [
    path("map", views.map_page, name="map"),
    path("map/basemap.pmtiles", views.basemap_file, name="map_basemap"),
    path("map/devices/<str:device_id>/track", views.device_track, name="map_track"),
]
