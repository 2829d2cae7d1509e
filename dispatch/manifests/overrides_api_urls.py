"""Addresses of the API about overrides."""

from django.urls import path

from dispatch.manifests.overrides_api import OneOverride, OverridePreview, Overrides, OverrideUndo

urlpatterns = [
    path("api/v1/overrides", Overrides.as_view(), name="api_overrides"),
    path("api/v1/overrides/preview", OverridePreview.as_view(), name="api_override_preview"),
    path("api/v1/overrides/<str:override>", OneOverride.as_view(), name="api_override"),
    path("api/v1/overrides/<str:override>/undo", OverrideUndo.as_view(), name="api_override_undo"),
]
