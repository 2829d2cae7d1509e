"""Addresses of the geofences pages, under /console/geofences/."""

from django.urls import path

from tracker.geofences import page_data, version_views, views

urlpatterns = [
    path("", views.geofences, name="console_geofences"),
    path("editor/", views.editor, name="console_geofence_editor"),
    path("editor/borders.geojson", page_data.borders, name="console_geofence_borders"),
    path("editor/save/", page_data.save, name="console_geofence_save"),
    path("editor/past/", page_data.past, name="console_geofence_past"),
    path("upload/", views.upload, name="console_geofence_upload"),
    path("publish/", version_views.publish_page, name="console_geofence_publish"),
    path("publish/difference.geojson", page_data.difference, name="console_geofence_next"),
    path("versions/", version_views.versions, name="console_geofence_versions"),
    path("versions/<int:number>/", version_views.version, name="console_geofence_version"),
    path(
        "versions/<int:number>/difference.geojson",
        page_data.difference,
        name="console_geofence_version_difference",
    ),
    path("versions/<int:number>/rollback/", version_views.rollback, name="console_geofence_rollback"),
    path("<str:geofence_id>/", views.geofence, name="console_geofence"),
    path("<str:geofence_id>/shape.json", page_data.one, name="console_geofence_shape"),
    path("<str:geofence_id>/take-out/", views.remove, name="console_geofence_take_out"),
    path("<str:geofence_id>/discard/", views.discard, name="console_geofence_discard"),
]
