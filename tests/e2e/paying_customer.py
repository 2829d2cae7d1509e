"""A customer of whom every page of money, data and staff has something to show; made by an operator's shell."""

import json
from dataclasses import dataclass

from box.stack import Stack

from tests.e2e.product import Customer, manage

MAKE = """
import json
from datetime import timedelta
from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils import timezone
from billing.guard.services import set_budget, set_cap, watch
from billing.invoices.months import before, month_of, span
from billing.invoices.services import finalise
from billing.ledger.services import credit
from billing.meters.catalogue import METERS
from billing.meters.models import UsageRecord
from billing.plans.models import Plan, PlanChoice
from billing.storms.models import Storm
from tests.tracker.geofences.drawing import a_square
from tracker.devices.models import Device
from tracker.geofences.services import create_geofence
from tracker.keys.models import Key
from tracker.privacy.services import ask_export, erase_device, throw_away
from tracker.sandboxes.services import make_sandbox
from tracker.tenants import scope
from tracker.tenants.models import Environment, Membership, Tenant
from tracker.trips.models import Trip
now = timezone.now().replace(minute=0, second=0, microsecond=0)
with transaction.atomic(), scope.scope(unscoped="a test makes a customer"):
    tenant = Tenant.objects.get(name={name!r})
    member = Membership.objects.for_tenant(tenant).select_related("user").get()
    live = Environment.objects.for_tenant(tenant).get(kind="live")
    test = Environment.objects.for_tenant(tenant).get(kind="test")
    month = before(month_of(now))
    began = span(month)[0]
    plan = Plan.objects.get(code="starter", currency="EUR", effective_until=None)
    PlanChoice.objects.create(tenant=tenant, plan=plan, starts_at=began, applied_at=now)
    rows, at = [], began
    while at < now - timedelta(hours=3):
        for number, meter in enumerate(METERS):
            amount = (9_000 + 700 * at.weekday() + at.day) // (1 + 9 * number)
            amount = 40_000_000_000 if meter == "archive_bytes" else amount
            rows.append(UsageRecord(environment=live, meter=meter, hour=at, quantity=amount, computed_at=now))
        at += timedelta(hours=6)
    UsageRecord.objects.for_environment(live).bulk_create(rows)
    invoice = finalise(tenant.pk, month, now)
    credit(tenant, 1500, "EUR", reason="For the outage of the third", by=None)
    set_budget(tenant, amount_minor=20_000, currency="EUR", now=now)
    set_cap(tenant, live, meter="fixes_accepted", quantity=100_000_000, action="sample", keeps_one_in=5, now=now)
    set_cap(tenant, None, meter="dispatch_stops", quantity=10, action="tell", now=now)
    key = Key.objects.for_environment(live).filter(kind=Key.Kind.PUBLISHABLE).get()
    shared = dict(environment=live, key=str(key.pk), reason="mute", recognised_at=now, counted_to="1-0", received=48210,
        repeats=31000, coalesced=30100, devices=412, peak_per_second=61.5, would_have_cost_minor=41200, currency="EUR",
        facts=[dict(key_id=key.pk, app_version="4.2.0", model="Pixel 7", os="Android 15", count=48210)],
        rates=[[(now - timedelta(minutes=one)).timestamp(), 20.0 + one % 40] for one in range(60)])
    storm = Storm.objects.create(kind="registrations", began_at=now - timedelta(hours=2), **shared)
    over = dict(began_at=now - timedelta(days=2), ended_at=now - timedelta(days=1))
    Storm.objects.create(kind="registrations", **over, **shared)
    device = Device.objects.create(environment=test, external_id="axe-2")
    trip = Trip.objects.create(environment=test, device=device, external_id="axe-trip", started_at=now,
        destination=Point(4.9, 52.37, srid=4326), destination_name="Depot")
    geofence = create_geofence(test.pk, a_square("Harbour depot"), by=member.user)
    ask_export(tenant, by=member.user, now=now)
    gone = Device.objects.create(environment=test, external_id="axe-3")
    erase_device(gone, tenant=tenant, by=member.user, now=now)
    make_sandbox(tenant, "Trial", city="berlin", by=member.user, now=now)
    thrown = make_sandbox(tenant, "Old trial", city="", by=member.user, now=now)
    throw_away(thrown.environment, by=member.user, now=now)
watch(timezone.now())
print("FACTS " + json.dumps(dict(
    membership=member.pk, invoice=invoice.public_id, storm=storm.public_id, test=test.public_id,
    shape=geofence.draft_id, trip=trip.pk, number=invoice.number)))
"""


@dataclass(frozen=True)
class Paying:
    """What pages with an argument in their address are asked for."""

    membership: int
    invoice: str
    storm: str
    test: str
    shape: int
    trip: int
    number: str

    @property
    def pages(self) -> list[str]:
        """Pages of a member whose addresses hold an id, and those of the person behind it."""
        return [
            f"/console/billing/invoices/{self.invoice}/",
            f"/console/storms/{self.storm}/",
            f"/console/environments/throw-away/?environment={self.test}",
            "/accounts/2fa/",
            "/accounts/sessions/",
            "/accounts/email/",
            "/accounts/password/change/",
        ]

    @property
    def staff_pages(self) -> list[str]:
        """Pages of the admin that have something to show."""
        return [
            "/admin/search/",
            f"/admin/search/?q={self.number}",
            "/admin/search/?q=nobody-has-this",
            "/admin/features/",
            f"/admin/act-as/{self.membership}/",
            "/admin/billing/by-hand/",
            f"/admin/tracker/geofenceshape/{self.shape}/change/",
            f"/admin/tracker/trip/{self.trip}/change/",
        ]


def make_paying(stack: Stack, customer: Customer) -> Paying:
    """Let this new customer use, owe, cap, storm, export and erase."""
    said = manage(stack, "shell", "-c", MAKE.format(name=customer.email.partition("@")[0]))
    line = next(line for line in said.splitlines() if line.startswith("FACTS "))
    return Paying(**json.loads(line.removeprefix("FACTS ")))
