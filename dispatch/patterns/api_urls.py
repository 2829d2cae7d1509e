"""Addresses of the API about patterns of overrides."""

from django.urls import path

from dispatch.patterns.api import AcceptPattern, EndPattern, OnePattern, Patterns, RefusePattern

ONE = "api/v1/override-patterns/<str:pattern>"
urlpatterns = [
    path("api/v1/override-patterns", Patterns.as_view(), name="api_patterns"),
    path(ONE, OnePattern.as_view(), name="api_pattern"),
    path(f"{ONE}/accept", AcceptPattern.as_view(), name="api_pattern_accept"),
    path(f"{ONE}/refuse", RefusePattern.as_view(), name="api_pattern_refuse"),
    path(f"{ONE}/end", EndPattern.as_view(), name="api_pattern_end"),
]
