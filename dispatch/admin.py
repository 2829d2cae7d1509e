"""All registrations of dispatch in the staff's admin, gathered from the capabilities for Django."""

from dispatch.fleet.admin import DriverAdmin, HubAdmin, VehicleAdmin

__all__ = ["DriverAdmin", "HubAdmin", "VehicleAdmin"]
