"""Addresses of the fleet's pages, under /console/dispatch/."""

from django.urls import path

from dispatch.fleet import driver_views, import_views, vehicle_views, views

urlpatterns = [
    path("fleet/import/", import_views.bring_in, name="console_fleet_import"),
    path("fleet/import/<str:what>.csv", import_views.template, name="console_fleet_template"),
    path("hubs/", views.hubs, name="console_hubs"),
    path("hubs/new/", views.new, name="console_hub_new"),
    path("hubs/<str:hub_id>/", views.hub, name="console_hub"),
    path("hubs/<str:hub_id>/retire/", views.retire, name="console_hub_retire"),
    path("drivers/", driver_views.drivers, name="console_drivers"),
    path("drivers/new/", driver_views.new, name="console_driver_new"),
    path("drivers/<str:driver_id>/", driver_views.driver, name="console_driver"),
    path("drivers/<str:driver_id>/shifts/", driver_views.shift, name="console_driver_shift"),
    path(
        "drivers/<str:driver_id>/shifts/<str:shift_id>/end/",
        driver_views.shift_end,
        name="console_driver_shift_end",
    ),
    path("drivers/<str:driver_id>/changes/", driver_views.change, name="console_driver_change"),
    path(
        "drivers/<str:driver_id>/changes/<str:change_id>/end/",
        driver_views.change_end,
        name="console_driver_change_end",
    ),
    path("drivers/<str:driver_id>/handover/", driver_views.handover, name="console_driver_handover"),
    path("drivers/<str:driver_id>/retire/", driver_views.retire, name="console_driver_retire"),
    path("vehicles/", vehicle_views.vehicles, name="console_vehicles"),
    path("vehicles/new/", vehicle_views.new, name="console_vehicle_new"),
    path("vehicles/<str:vehicle_id>/", vehicle_views.vehicle, name="console_vehicle"),
    path("vehicles/<str:vehicle_id>/retire/", vehicle_views.retire, name="console_vehicle_retire"),
]
