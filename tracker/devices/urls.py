"""Addresses of the devices pages, under /console/devices/."""

from django.urls import path

from tracker.devices import views

urlpatterns = [
    path("", views.devices, name="console_devices"),
    path("<str:device_id>/", views.device, name="console_device"),
    path("<str:device_id>/edit/", views.edit, name="console_device_edit"),
    path("<str:device_id>/delete/", views.delete, name="console_device_delete"),
]
