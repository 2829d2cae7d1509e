"""Addresses of the banner's buttons."""

from django.urls import path

from tracker.acting import views

urlpatterns = [
    path("end/", views.end, name="console_acting_end"),
    path("write/", views.write, name="console_acting_write"),
]
