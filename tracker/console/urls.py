"""Addresses of the console's own pages."""

from django.urls import path

from tracker.console import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("console/", views.overview, name="console"),
    path("console/quickstart/", views.quickstart, name="console_quickstart"),
    path("console/environment/", views.switch_environment, name="console_environment"),
]
