"""Addresses of the manifests' API."""

from django.urls import path

from dispatch.manifests import progress_api
from dispatch.manifests.api import Manifests, OneManifest, OneVersion, ReleaseManifests, Versions

MANIFEST, STOP = "api/v1/manifests/<str:manifest>", "api/v1/manifest-stops/<str:stop>"
urlpatterns = [
    path("api/v1/manifests", Manifests.as_view(), name="api_manifests"),
    path("api/v1/manifest-releases", ReleaseManifests.as_view(), name="api_manifest_releases"),
    path(MANIFEST, OneManifest.as_view(), name="api_manifest"),
    path(f"{MANIFEST}/versions", Versions.as_view(), name="api_manifest_versions"),
    path(f"{MANIFEST}/versions/<int:version>", OneVersion.as_view(), name="api_manifest_version"),
    path(f"{MANIFEST}/acknowledge", progress_api.Acknowledge.as_view(), name="api_manifest_acknowledge"),
    path(f"{MANIFEST}/begin", progress_api.Begin.as_view(), name="api_manifest_begin"),
    path(f"{STOP}/arrive", progress_api.Arrive.as_view(), name="api_manifest_stop_arrive"),
    path(f"{STOP}/finish", progress_api.Finish.as_view(), name="api_manifest_stop_finish"),
]
