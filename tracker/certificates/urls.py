"""Addresses of a device's certificates, under /console/devices/."""

from django.urls import path

from tracker.certificates import views

urlpatterns = [
    path("<str:device_id>/certificates/", views.issue, name="console_certificate_issue"),
    path("<str:device_id>/certificates/<str:certificate_id>/", views.download, name="console_certificate"),
    path(
        "<str:device_id>/certificates/<str:certificate_id>/revoke/",
        views.revoke,
        name="console_certificate_revoke",
    ),
]
