"""Addresses of the keys page, under /console/keys/."""

from django.urls import path

from tracker.keys import detail_views, views

urlpatterns = [
    path("", views.keys, name="console_keys"),
    path("new/", views.create, name="console_key_create"),
    path("<str:key_id>/", detail_views.key_page, name="console_key"),
    path("<str:key_id>/roll/", detail_views.roll, name="console_key_roll"),
    path("<str:key_id>/expire/", detail_views.expire, name="console_key_expire"),
    path("<str:key_id>/revoke/", views.revoke, name="console_key_revoke"),
]
