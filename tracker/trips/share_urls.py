"""Addresses of links to trips, under /t/."""

from django.urls import path

from tracker.trips import share_views

urlpatterns = [
    path("<str:token>", share_views.share, name="trip_share"),
    path("<str:token>/embed", share_views.embed, name="trip_embed"),
    path("<str:token>/state", share_views.state, name="trip_state"),
]
