"""All models of the app, gathered from its capabilities for Django."""

from dispatch.driving.models import DeliveryProof, DriverAction, DriverLink, DriverSession
from dispatch.fleet.models import (
    DeviceHolding,
    Driver,
    Hub,
    Shift,
    ShiftChange,
    Vehicle,
    VehicleHolding,
    VehicleType,
)
from dispatch.intake.models import GazetteerPlace, GeocodedAddress, ShipmentUpload, ShipmentUploadRow
from dispatch.manifests.models import (
    Manifest,
    ManifestOverride,
    ManifestStop,
    ManifestVersion,
    OverridePattern,
    PushedManifest,
)
from dispatch.metrics.models import HubDay, SlotPrediction
from dispatch.notifications.models import Notification
from dispatch.planning.models import DispatchSettings, DispatchWindow, PlanRun
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.models import (
    ErasureOrder,
    PersonalPart,
    Shipment,
    ShipmentEvent,
    ShipmentState,
)

__all__ = [
    "DeliveryProof",
    "DeviceHolding",
    "DispatchSettings",
    "DispatchWindow",
    "Driver",
    "DriverAction",
    "DriverLink",
    "DriverSession",
    "ErasureOrder",
    "GazetteerPlace",
    "GeocodedAddress",
    "Hub",
    "HubDay",
    "Manifest",
    "ManifestOverride",
    "ManifestStop",
    "ManifestVersion",
    "Notification",
    "OverridePattern",
    "PersonalPart",
    "PlanRun",
    "PushedManifest",
    "Saga",
    "SagaStep",
    "Shift",
    "ShiftChange",
    "Shipment",
    "ShipmentEvent",
    "ShipmentState",
    "ShipmentUpload",
    "ShipmentUploadRow",
    "SlotPrediction",
    "Vehicle",
    "VehicleHolding",
    "VehicleType",
]
