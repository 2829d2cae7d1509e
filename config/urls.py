"""All addresses of the monolith, each under the app that owns it."""

from django.urls import include, path

from tracker.tenants.admin_site import site

urlpatterns = [
    path("admin/", site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("tracker.urls")),
]

handler400 = "tracker.console.errors.bad_request"
handler403 = "tracker.console.errors.permission_denied"
handler404 = "tracker.console.errors.not_found"
handler500 = "tracker.console.errors.server_error"
