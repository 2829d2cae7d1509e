"""All models of the app, gathered from its capabilities for Django."""

from tracker.devices.models import Device, DeviceState
from tracker.ingestion.models import DeadLetter, OutcomeCount, SetAsideReport, StreamProgress
from tracker.keys.models import Key
from tracker.positions.models import Position
from tracker.tenants.models import Environment, Invitation, Membership, Tenant, User

__all__ = [
    "DeadLetter",
    "Device",
    "DeviceState",
    "Environment",
    "Invitation",
    "Key",
    "Membership",
    "OutcomeCount",
    "Position",
    "SetAsideReport",
    "StreamProgress",
    "Tenant",
    "User",
]
