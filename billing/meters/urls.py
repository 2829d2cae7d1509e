"""Addresses of usage: its page, its CSV, its API."""

from django.urls import path

from billing.meters import views
from billing.meters.api import Usage

urlpatterns = [
    path("console/usage/", views.usage, name="console_usage"),
    path("console/usage/csv/", views.usage_csv, name="console_usage_csv"),
    path("api/v1/usage", Usage.as_view(), name="api_usage"),
]
