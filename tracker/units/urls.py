"""Addresses of the unit doctor, under /console/devices/."""

from django.urls import path

from tracker.units import views

urlpatterns = [path("<str:device_id>/speed-unit/", views.speed_unit, name="console_device_speed_unit")]
