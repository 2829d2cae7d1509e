"""Addresses of the fleet's API."""

from django.urls import path, register_converter

from dispatch.fleet import driver_api, rota_api, vehicle_api
from dispatch.fleet.api import AllHubTotals, Hubs, OneHub
from tracker.devices.references import DeviceReferenceConverter

register_converter(DeviceReferenceConverter, "fleet_reference")

DRIVER = "api/v1/drivers/<fleet_reference:driver>"
urlpatterns = [
    path("api/v1/hubs", Hubs.as_view(), name="api_hubs"),
    path("api/v1/hub-totals", AllHubTotals.as_view(), name="api_hub_totals"),
    path("api/v1/hubs/<fleet_reference:hub>", OneHub.as_view(), name="api_hub"),
    path("api/v1/vehicle-types", vehicle_api.VehicleTypes.as_view(), name="api_vehicle_types"),
    path(
        "api/v1/vehicle-types/<str:vehicle_type>",
        vehicle_api.OneVehicleType.as_view(),
        name="api_vehicle_type",
    ),
    path("api/v1/vehicles", vehicle_api.Vehicles.as_view(), name="api_vehicles"),
    path("api/v1/vehicles/<fleet_reference:vehicle>", vehicle_api.OneVehicle.as_view(), name="api_vehicle"),
    path("api/v1/drivers", driver_api.Drivers.as_view(), name="api_drivers"),
    # an external id may hold slashes, so the longer addresses come first
    path(f"{DRIVER}/shifts/<str:shift>", rota_api.OneShift.as_view(), name="api_driver_shift"),
    path(f"{DRIVER}/shifts", rota_api.DriverShifts.as_view(), name="api_driver_shifts"),
    path(
        f"{DRIVER}/shift-changes/<str:change>",
        rota_api.OneShiftChange.as_view(),
        name="api_driver_shift_change",
    ),
    path(f"{DRIVER}/shift-changes", rota_api.DriverShiftChanges.as_view(), name="api_driver_shift_changes"),
    path(f"{DRIVER}/hours", rota_api.DriverHours.as_view(), name="api_driver_hours"),
    path(f"{DRIVER}/vehicle", driver_api.DriverVehicle.as_view(), name="api_driver_vehicle"),
    path(f"{DRIVER}/device", driver_api.DriverDevice.as_view(), name="api_driver_device"),
    path(f"{DRIVER}/handovers", driver_api.DriverHandovers.as_view(), name="api_driver_handovers"),
    path(DRIVER, driver_api.OneDriver.as_view(), name="api_driver"),
]
