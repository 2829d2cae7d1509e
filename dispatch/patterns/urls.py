"""Addresses of overrides and their patterns, under /console/dispatch/overrides/."""

from django.urls import path

from dispatch.patterns import views

urlpatterns = [
    path("", views.overrides, name="console_overrides"),
    path("patterns/<str:pattern_id>/", views.pattern_decide, name="console_pattern_decide"),
]
