"""All addresses of the monolith, each under the app that owns it."""

from django.urls import include, path

from tracker.tenants.admin_site import site

urlpatterns = [
    path("admin/", site.urls),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("billing.urls")),
    path("", include("dispatch.urls")),
    path("", include("tracker.urls")),
]

handler400 = "tracker.http.failures.bad_request"
handler403 = "tracker.http.failures.permission_denied"
handler404 = "tracker.http.failures.not_found"
handler500 = "tracker.http.failures.server_error"
