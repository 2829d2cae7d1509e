"""All models of the app, gathered from its capabilities for Django."""

from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device, DeviceState, UnitFinding
from tracker.ingestion.models import (
    ConsumedRecord,
    DeadLetter,
    DeniedPublish,
    OutcomeCount,
    SetAsideReport,
    StreamProgress,
    TracedRequest,
)
from tracker.keys.models import Key
from tracker.positions.models import ArchivedDay, DailyLine, Position
from tracker.tenants.models import Environment, Invitation, Membership, Tenant, User

__all__ = [
    "ArchivedDay",
    "ConsumedRecord",
    "DailyLine",
    "DeadLetter",
    "DeniedPublish",
    "Device",
    "DeviceCertificate",
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
    "TracedRequest",
    "UnitFinding",
    "User",
]
