"""Addresses of the shipments pages, under /console/dispatch/shipments/."""

from django.urls import path

from dispatch.shipments.console import views

urlpatterns = [
    path("", views.shipments, name="console_shipments"),
    path("new/", views.new, name="console_shipment_new"),
    path("<str:shipment_id>/", views.shipment, name="console_shipment"),
    path("<str:shipment_id>/<str:deed>/", views.act, name="console_shipment_act"),
]
