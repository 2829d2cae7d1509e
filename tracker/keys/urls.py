"""Addresses of the keys page, under /console/keys/."""

from django.urls import path

from tracker.keys import views

urlpatterns = [
    path("", views.keys, name="console_keys"),
    path("new/", views.create, name="console_key_create"),
    path("<str:key_id>/revoke/", views.revoke, name="console_key_revoke"),
]
