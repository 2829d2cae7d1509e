"""Addresses of the storms' pages, under /console/storms/."""

from django.urls import path

from billing.storms import views

urlpatterns = [
    path("", views.storms, name="console_storms"),
    path("<str:storm_id>/", views.storm, name="console_storm"),
]
