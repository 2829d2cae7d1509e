"""Addresses of the manifests' console pages, below /console/dispatch/."""

from django.urls import path

from dispatch.manifests import views

urlpatterns = [
    path("manifests/", views.day, name="console_manifests"),
    path("manifests/<str:manifest_id>/", views.manifest, name="console_manifest"),
    path("manifests/<str:manifest_id>/release/", views.release, name="console_manifest_release"),
    path("manifests/<str:manifest_id>/discard/", views.discard, name="console_manifest_discard"),
]
