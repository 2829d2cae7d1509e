"""Addresses of the trips pages, under /console/trips/."""

from django.urls import path

from tracker.trips import views

urlpatterns = [
    path("", views.trips, name="console_trips"),
    path("<str:trip_id>/", views.trip, name="console_trip"),
    path("<str:trip_id>/complete/", views.complete, name="console_trip_complete"),
    path("<str:trip_id>/cancel/", views.cancel, name="console_trip_cancel"),
    path("<str:trip_id>/shares/", views.share, name="console_trip_share"),
    path("<str:trip_id>/shares/<str:share_id>/revoke/", views.revoke, name="console_trip_revoke"),
]
