"""All models of the app, gathered from its capabilities for Django."""

from tracker.acting.models import ActingSession
from tracker.alerts.models import Alert, ExpectedPresence
from tracker.audit.models import AuditEntry
from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device, DeviceCondition, DeviceState, UnitFinding
from tracker.flags.models import FeatureFlag, FlagTenant
from tracker.geofences.models import (
    Geofence,
    GeofenceCrossing,
    GeofenceShape,
    GeofenceVersion,
    GeofenceVersionMember,
    GeofenceVisit,
    MembershipGeofence,
)
from tracker.http.models import IdempotentAnswer
from tracker.ingestion.models import (
    ActiveDevice,
    ConsumedRecord,
    DeadLetter,
    DeniedPublish,
    KeyUse,
    OutcomeCount,
    QuarantineRate,
    SetAsideReport,
    StreamProgress,
    TracedRequest,
)
from tracker.keys.models import Key
from tracker.outbox.models import OutboxEvent
from tracker.positions.models import ArchivedBytes, ArchivedDay, DailyLine, Position
from tracker.privacy.models import DataExport, ErasureRequest
from tracker.requestlog.models import RequestCount, RequestRecord
from tracker.sandboxes.models import SimulatedCity
from tracker.tenants.models import Environment, Invitation, Membership, Tenant, User
from tracker.trips.models import LearnedPace, Trip, TripShare
from tracker.webhooks.models import (
    DeliveryCount,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)

__all__ = [
    "ActingSession",
    "ActiveDevice",
    "Alert",
    "ArchivedBytes",
    "ArchivedDay",
    "AuditEntry",
    "ConsumedRecord",
    "DailyLine",
    "DataExport",
    "DeadLetter",
    "DeliveryCount",
    "DeniedPublish",
    "Device",
    "DeviceCertificate",
    "DeviceCondition",
    "DeviceState",
    "Environment",
    "ErasureRequest",
    "ExpectedPresence",
    "FeatureFlag",
    "FlagTenant",
    "Geofence",
    "GeofenceCrossing",
    "GeofenceShape",
    "GeofenceVersion",
    "GeofenceVersionMember",
    "GeofenceVisit",
    "IdempotentAnswer",
    "Invitation",
    "Key",
    "KeyUse",
    "LearnedPace",
    "Membership",
    "MembershipGeofence",
    "OutboxEvent",
    "OutcomeCount",
    "Position",
    "QuarantineRate",
    "RequestCount",
    "RequestRecord",
    "SetAsideReport",
    "SimulatedCity",
    "StreamProgress",
    "Tenant",
    "TracedRequest",
    "Trip",
    "TripShare",
    "UnitFinding",
    "User",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
    "WebhookSecret",
]
