"""Addresses of dispatch's settings."""

from django.urls import path

from dispatch.rules.api import OwnDispatchRules
from dispatch.rules.views import rules

urlpatterns = [
    path("console/dispatch/settings/", rules, name="console_dispatch_settings"),
    path("api/v1/dispatch-settings", OwnDispatchRules.as_view(), name="api_dispatch_settings"),
]
