"""Addresses of uploads, places and the gazetteer, under /console/dispatch/."""

from django.urls import path

from dispatch.intake import place_views, views

urlpatterns = [
    path("uploads/", views.uploads, name="console_uploads"),
    path("uploads/template.<str:kind>", views.template, name="console_upload_template"),
    path("uploads/<str:upload_id>/", views.upload, name="console_upload"),
    path("uploads/<str:upload_id>/progress", views.progress, name="console_upload_progress"),
    path("uploads/<str:upload_id>/columns", views.columns, name="console_upload_columns"),
    path("uploads/<str:upload_id>/faults.csv", views.faults, name="console_upload_faults"),
    path("places/", place_views.places, name="console_places"),
    path("places/<str:shipment_id>/", place_views.place, name="console_place"),
    path("gazetteer/", place_views.gazetteer, name="console_gazetteer"),
    path("gazetteer/clear", place_views.clear, name="console_gazetteer_clear"),
]
