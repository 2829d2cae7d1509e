"""Addresses of exports and erasures."""

from django.urls import path

from tracker.privacy import views

urlpatterns = [
    path("", views.data, name="console_data"),
    path("export/", views.export, name="console_data_export"),
    path("download/", views.download, name="console_data_download"),
    path("erase-device/", views.erase_device, name="console_data_erase_device"),
    path("erase-organisation/", views.erase_tenant, name="console_data_erase_tenant"),
    path("take-back/", views.take_back, name="console_data_take_back"),
]
