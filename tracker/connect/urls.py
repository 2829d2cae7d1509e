"""Addresses of the connect page and of what it links to."""

from django.urls import path

from tracker.connect import views

urlpatterns = [
    path("console/connect/", views.connect, name="console_connect"),
    path("console/connect/check/", views.check, name="console_connect_check"),
    path("connect/gpslogger/<str:key>/<str:device>.properties", views.profile, name="connect_gpslogger"),
]
