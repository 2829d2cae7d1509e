"""A customer with one of everything, from whom a rival must learn nothing."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from billing.invoices.models import Invoice
from billing.storms.models import Storm
from tests.architecture.billing_money import make_invoice
from tests.architecture.dispatch_victim import DispatchVictim, make_dispatch_victim
from tests.tracker.caller import a_count, a_daily_line, a_device, a_position, a_set_aside, a_state
from tracker.alerts.models import Alert, ExpectedPresence
from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device
from tracker.geofences.models import (
    Geofence,
    GeofenceCrossing,
    GeofenceShape,
    GeofenceVersion,
    GeofenceVersionMember,
    GeofenceVisit,
)
from tracker.ingestion.models import DeadLetter
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.letters.selectors import public_letter_id
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Environment, Invitation, Membership, Role, User
from tracker.tenants.services import NewTenant, create_tenant
from tracker.trips.models import Trip, TripShare
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookSecret

MARK = "kept-from-rivals"  # in every name of the victim
TOKEN = "t" * 43


@dataclass(frozen=True)
class Victim:
    """A customer with one of everything."""

    new: NewTenant
    device: Device
    certificate: DeviceCertificate
    key: Key
    invitation: Invitation
    member: Membership
    letter: DeadLetter
    geofence: Geofence
    trip: Trip
    share: TripShare
    endpoint: WebhookEndpoint
    event: OutboxEvent
    message: WebhookMessage
    alert: Alert
    expected: ExpectedPresence
    dispatch: DispatchVictim
    storm: Storm
    invoice: Invoice

    @property
    def ids(self) -> list[str]:
        """Public ids of its rows."""
        test, live = self.new.test.environment, self.new.live.environment
        rows: list[Any] = [
            self.device,
            self.certificate,
            self.key,
            self.invitation,
            self.member,
            self.new.tenant,
            test,
            live,
            self.geofence,
            self.trip,
            self.share,
            self.endpoint,
            self.event,
            self.message,
            self.alert,
            self.expected,
            self.storm,
            self.invoice,
        ]
        mine = [*(row.public_id for row in rows), public_letter_id(self.letter)]
        return mine + self.dispatch.ids


def make_victim() -> Victim:
    """The customer, in the test environment of a tenant of its own."""
    owner = User.objects.create_user(f"owner@{MARK}.example.com", "correct-horse-battery-9", name=MARK)
    new = create_tenant(MARK, owner=owner)
    now = datetime.now(UTC)
    environment = new.test.environment
    device = a_device(environment, f"{MARK}-van", name=MARK, metadata={"a": MARK})
    a_state(device, now)
    a_position(device, now, extra={"a": MARK})
    a_daily_line(device, now.date() - timedelta(days=1))
    a_set_aside(environment, now, device=device, external_id=device.external_id, detail=MARK)
    a_count(environment, now.replace(microsecond=0), "accepted", 987_654_321)
    with scope.scope(environment_id=environment.pk):
        certificate = DeviceCertificate.objects.create(
            environment=environment,
            device=device,
            serial="5f0c",
            sha256=b"x" * 32,
            content=b"x",
            expires_at=now + timedelta(days=1),
        )
    with scope.scope(tenant_id=new.tenant.pk):
        invitation = Invitation.objects.create(
            tenant=new.tenant,
            email=f"new@{MARK}.example.com",
            role=Role.ADMIN,
            token_sha256=b"x" * 32,
            expires_at=now + timedelta(days=1),
        )
    key = key_in_force(new.test.publishable_key) or key_in_force(new.test.secret_key)
    assert key is not None
    letter = DeadLetter.objects.create(
        environment=environment, lane="loc:0", entry_id="1-0", entry_index=0, reason=MARK, error=MARK,
        payload=MARK.encode(), request_id=uuid.uuid4(), received_at=now,
    )  # fmt: skip
    geofence = _geofence(environment, device, now)
    trip = Trip.objects.create(
        environment=environment, device=device, external_id=f"{MARK}-trip", destination=Point(4.9, 52.3, srid=4326),
        destination_name=MARK, started_at=now - timedelta(hours=1), metadata={"a": MARK},
    )  # fmt: skip
    share = TripShare.objects.create(
        environment=environment, trip=trip, token_sha256=hashlib.sha256(MARK.encode()).digest(),
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    event = OutboxEvent.objects.create(
        environment=environment, kind="device.silent", device_id=device.pk, data={"device": {"name": MARK}},
        occurred_at=now, relayed_at=now,
    )  # fmt: skip
    with scope.scope(environment_id=environment.pk):
        endpoint = WebhookEndpoint.objects.create(
            environment=environment, url=f"https://{MARK}.example.com/hook", description=MARK
        )
        WebhookSecret.objects.create(environment=environment, endpoint=endpoint, secret=MARK.encode())
        message = WebhookMessage.objects.create(
            environment=environment, endpoint=endpoint, event=event, due_at=now, state="delivered"
        )
        WebhookAttempt.objects.create(
            environment=environment, message=message, number=1, started_at=now, duration_ms=5, answer=MARK
        )
    alert = Alert.objects.create(
        environment=environment, kind="silent", device=device, text=f"{MARK} is silent", raised_at=now
    )
    expected = ExpectedPresence.objects.create(
        environment=environment, geofence=geofence, device=device, by=time(9), time_zone="UTC",
        next_due_at=now + timedelta(days=1),
    )  # fmt: skip
    dispatch = make_dispatch_victim(environment, device, now=now)
    more = (
        geofence,
        trip,
        share,
        endpoint,
        event,
        message,
        alert,
        expected,
        dispatch,
        _storm(environment, key, now),
        make_invoice(new.tenant, MARK),
    )
    scope.enter()
    return Victim(new, device, certificate, key, invitation, new.owner, letter, *more)


def _storm(environment: Environment, key: Key, now: datetime) -> Storm:
    """Registrations that were a fault."""
    facts = {"key_id": key.pk, "app_version": MARK, "model": MARK, "os": MARK, "count": 9}
    with scope.scope(environment_id=environment.pk):
        return Storm.objects.create(
            environment=environment, kind="registrations", key=str(key.pk), reason="mute", began_at=now,
            recognised_at=now, facts=[facts], rates=[[now.timestamp(), 9.0]], counted_to="1-0",
        )  # fmt: skip


def _geofence(environment: Environment, device: Device, now: datetime) -> Geofence:
    """A published geofence with the device inside."""
    square = Polygon(((4.8, 52.3), (5.0, 52.3), (5.0, 52.5), (4.8, 52.5), (4.8, 52.3)), srid=4326)
    geofence = Geofence.objects.create(environment=environment, external_id=f"{MARK}-depot")
    shape = GeofenceShape.objects.create(
        environment=environment, geofence=geofence, name=MARK, kind="polygon", source={},
        geometry=MultiPolygon(square, srid=4326), area_m2=1e8,
    )  # fmt: skip
    Geofence.objects.for_environment(environment).filter(pk=geofence.pk).update(draft=shape)
    began = now - timedelta(hours=2)
    version = GeofenceVersion.objects.create(
        environment=environment, number=1, effective_at=began, published_at=began, note=MARK
    )
    GeofenceVersionMember.objects.create(
        environment=environment, version=version, geofence=geofence, shape=shape
    )
    GeofenceVisit.objects.create(
        environment=environment, device=device, geofence=geofence, entered_at=began, entered_decided_at=began,
        entered_version=1,
    )  # fmt: skip
    GeofenceCrossing.objects.create(
        environment=environment, device=device, kind="crossed", cause="first_fix", to_geofence=geofence, to_name=MARK,
        occurred_at=began, decided_at=began, version=1, received_at=began, stored_at=began,
    )  # fmt: skip
    return geofence
