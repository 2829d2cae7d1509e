"""All addresses of the monolith, each under the app that owns it."""

from django.urls import include, path

from tracker.tenants.admin_site import site

urlpatterns = [
    path("admin/", site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("tracker.urls")),
]
