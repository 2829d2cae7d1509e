"""Addresses of an organisation's environments."""

from django.urls import path

from tracker.sandboxes import views

urlpatterns = [
    path("", views.environments, name="console_environments"),
    path("new/", views.make, name="console_environments_new"),
    path("throw-away/", views.discard, name="console_environments_discard"),
    path("drive-on/", views.drive_on, name="console_environments_drive_on"),
]
