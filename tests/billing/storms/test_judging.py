"""Storms judged from real tallies in Redis: begun, counted, told of once, coalesced by a real door, and lifted."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
import redis
from django.conf import settings as django_settings
from django.core import mail

from billing.meters.models import UsageRecord
from billing.plans.models import Plan
from billing.plans.services import choose
from billing.storms import telling
from billing.storms.judging import judge_storms
from billing.storms.models import Storm
from billing.storms.prices import counted_as
from billing.storms.services import AlreadyOver, NoReason, lift
from ingest_lambda.flood_post import in_force
from ingest_lambda.flood_tallies import Said, Tallies
from ingest_lambda.floods import IN_FORCE, TALLIES, Facts, Kind, Recent, Tally, encoded, mark_of
from tests.tracker.caller import a_device, a_state
from tests.tracker.webhooks.contract import all_as_published
from tracker.audit.models import AuditEntry
from tracker.keys.models import Key
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Environment, Role

T0 = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)


class Clock:
    """Tallies a second into a real Redis, at times of our own, and a look every five seconds."""

    def __init__(self, client, environment, key):
        self.client, self.environment, self.key = client, environment, key
        self.now = T0
        self.recent = Recent()
        self.minted = 0

    def registrations(self, devices, *, known=(), version="2.4.1", coalesced=False):
        tallies = Tallies()
        for device in devices:
            said = Said(device, Facts(self.key.pk, version, "Pixel 9", "Android 16"))
            tallies.registered(self.environment.pk, said, repeat=device in known, coalesced=coalesced)
        self.add(tallies.take())

    def repeats(self, device, count):
        facts = [(Facts(self.key.pk, "", "", ""), count)]
        marks = {mark_of("1"): "1"}
        self.add([Tally(self.environment.pk, Kind.REPEATS, device, count + 1, count, 0, marks, facts)])

    def add(self, tallies):
        if tallies:
            at_ms = int(self.now.timestamp() * 1000)
            self.client.xadd(TALLIES, {"t": encoded(tallies)}, id=f"{at_ms}-0")

    def mint(self, many=200):
        self.registrations([f"mint-{self.minted + n}" for n in range(many)])
        self.minted += many

    def run(self, seconds, each=None):
        for _ in range(seconds):
            if each is not None:
                each()
            self.now += timedelta(seconds=1)
            if int(self.now.timestamp()) % 5 == 0:
                self.look()

    def look(self):
        return judge_storms(now=self.now, recent=self.recent)

    @property
    def told_to_doors(self):
        return in_force(self.client.get(IN_FORCE))


@pytest.fixture
def client():
    opened = redis.Redis.from_url(django_settings.REDIS_URL, protocol=2)
    for key in (TALLIES, IN_FORCE, "floods:watches"):
        opened.delete(key)
    yield opened
    for key in (TALLIES, IN_FORCE, "floods:watches"):
        opened.delete(key)
    opened.close()


@pytest.fixture
def key(customer):
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        return Key.objects.for_environment(customer.test).get(kind="pk")


@pytest.fixture
def clock(client, customer, key, django_capture_on_commit_callbacks, monkeypatch):
    # a test's transaction is never committed: what waits for it is done at once
    monkeypatch.setattr("billing.storms.judging.transaction.on_commit", lambda act: act())
    return Clock(client, customer.test, key)


def storms(customer):
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        return list(Storm.objects.for_environment(customer.test).order_by("pk"))


def test_minted_ids_are_a_storm_within_a_minute_that_doors_coalesce_and_it_lifts_itself(clock, customer, key):
    clock.run(60, clock.mint)
    [storm] = storms(customer)
    assert (storm.kind, storm.reason, storm.key) == ("registrations", "mute", str(key.pk))
    assert storm.recognised_at - storm.began_at <= timedelta(seconds=60)
    assert abs((storm.began_at - T0).total_seconds()) <= 2
    assert storm.facts[0] | {"count": 0} == {
        "key_id": key.pk, "app_version": "2.4.1", "model": "Pixel 9", "os": "Android 16", "count": 0,
    }  # fmt: skip
    assert clock.told_to_doors == {(customer.test.pk, key.pk)}
    clock.run(60)
    [storm] = storms(customer)
    assert storm.is_over
    assert storm.received == clock.minted  # each tally once
    assert storm.rates[-1][1] == 0
    assert clock.told_to_doors == frozenset()


def test_known_devices_that_register_again_and_again_are_a_storm(clock, customer):
    fleet = [f"phone-{n}" for n in range(100)]
    clock.run(40, lambda: clock.registrations(fleet + fleet[:50], known=fleet))
    [storm] = storms(customer)
    assert storm.reason == "repeated"
    assert storm.repeats == storm.received


def test_a_device_that_repeats_one_fix_is_a_storm_of_that_device_and_no_door_is_told(clock, customer):
    clock.run(40, lambda: clock.repeats("van-1", 99))
    [storm] = storms(customer)
    assert (storm.kind, storm.key) == ("repeats", "van-1")
    assert clock.told_to_doors == frozenset()


def test_a_launch_with_ten_times_the_devices_that_report_is_no_storm(clock, customer):
    launched = 0

    def second(many):
        nonlocal launched
        fresh = [f"new-{launched + n}" for n in range(many)]
        launched += many
        clock.registrations(fresh + fresh[::3])  # every third phone starts the app twice
        for name in fresh[:: 1 + (many > 10)]:  # half of them have a fix by the time they are asked for
            a_state(a_device(customer.test, external_id=name), clock.now)

    clock.run(20, lambda: second(6))
    clock.run(45, lambda: second(60))
    assert launched == 2820
    assert storms(customer) == []


def test_of_two_looks_at_the_same_tallies_by_two_processes_nothing_is_counted_twice(clock, customer):
    clock.run(45, clock.mint)
    other = Recent()
    for _ in range(3):
        judge_storms(now=clock.now, recent=other)
    clock.look()
    [storm] = storms(customer)
    assert storm.received == clock.minted


def test_it_is_told_of_once_by_event_and_mail_to_owners_and_admins(clock, customer):
    customer.member(Role.ADMIN, "admin@ours.example.com")
    customer.member(Role.VIEWER, "viewer@ours.example.com")
    clock.run(60, clock.mint)
    assert telling.tell_owners(now=clock.now) == 1
    assert telling.tell_owners(now=clock.now) == 0
    [letter] = mail.outbox
    assert set(letter.to) == {"owner@ours.example.com", "admin@ours.example.com"}
    assert "version 2.4.1 on Pixel 9" in letter.body
    assert "/console/storms/stm_" in letter.body
    clock.run(60)
    assert telling.tell_owners(now=clock.now) == 0
    kinds = [event.kind for event in OutboxEvent.objects.for_environment(customer.test).order_by("pk")]
    assert kinds == ["storm.began", "storm.ended"]
    assert all_as_published(customer.test) == {"storm.began", "storm.ended"}


def test_staff_lift_it_with_a_reason_that_is_on_record_and_it_stays_lifted(clock, customer):
    clock.run(60, clock.mint)
    [storm] = storms(customer)
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        storm = Storm.objects.for_environment(customer.test).select_related("environment").get(pk=storm.pk)
    staff = customer.member(Role.VIEWER, "staff@milepost.example.com")
    with pytest.raises(NoReason):
        lift(storm, by=staff, reason="  ", now=clock.now)
    lift(storm, by=staff, reason="a load test they told us of", now=clock.now)
    with pytest.raises(AlreadyOver):
        lift(storm, by=staff, reason="again", now=clock.now)
    clock.run(30, clock.mint)
    [storm] = storms(customer)
    assert storm.lifted_because == "a load test they told us of"
    assert clock.told_to_doors == frozenset()
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        entry = AuditEntry.objects.for_tenant(customer.tenant).get(action="storm.lift")
    assert entry.target == storm.public_id


def test_what_cannot_be_read_and_whose_environment_is_gone_is_passed_over(clock, customer, client):
    client.xadd(TALLIES, {"t": b"not json"}, id=f"{int(clock.now.timestamp() * 1000)}-0")
    clock.now += timedelta(seconds=1)
    facts = [(Facts(1, "", "", ""), 9000)]
    for _ in range(30):
        clock.add([Tally(999_999_999, Kind.REGISTRATIONS, "1", 9000, 9000, 0, {1: "a"}, facts)])
        clock.run(1)
    assert not Storm.objects.unscoped("test").exists()


def test_the_memory_of_the_judge_may_be_lost_in_a_storm(clock, customer, client):
    clock.run(60, clock.mint)
    client.delete("floods:watches")
    clock.run(10, clock.mint)
    assert len(storms(customer)) == 1
    clock.run(60)
    [storm] = storms(customer)
    assert storm.is_over


def test_what_it_would_have_cost_comes_on_top_of_what_was_used(clock, customer, signed_in):
    starter = Plan.objects.get(code="starter", currency="EUR")
    choose(customer.tenant, starter, now=T0 - timedelta(days=1))
    with scope.scope(environment_id=customer.live.pk, tenant_id=customer.tenant.pk):
        for meter, quantity in (("fixes_accepted", 99_000), ("active_devices", 2_010)):
            UsageRecord.objects.create(
                environment=customer.live,
                hour=T0.replace(minute=0),
                meter=meter,
                quantity=quantity,
                computed_at=T0,
            )
    clock.run(60, clock.mint)
    [storm] = storms(customer)
    devices = counted_as(storm)["active_devices"]
    assert devices > 2_000
    fixes_minor = (storm.received - 1_000) * Decimal("0.02")  # a thousand were still free
    devices_minor = devices * 30  # beyond a thousand all cost the same, those used before too
    assert abs(storm.would_have_cost_minor - fixes_minor - devices_minor) <= 1
    page = signed_in(customer.owner).get(f"/console/storms/{storm.public_id}/", follow=True).content.decode()
    amount = f"{Decimal(storm.would_have_cost_minor) / 100:,.2f} EUR"
    assert f"In a live environment this would have cost <strong>{amount}</strong>" in page


NAUGHTY = "<script>alert(1)</script>"


def test_the_page_says_what_it_would_have_cost_and_names_the_line_of_the_app(
    clock, customer, rival, signed_in
):
    clock.run(60, lambda: clock.registrations([NAUGHTY] * 100, known=[NAUGHTY], version=NAUGHTY))
    [storm] = storms(customer)
    browser = signed_in(customer.owner)
    session = browser.session
    session["environment"] = customer.test.public_id
    session.save()
    shown = browser.get("/console/storms/")
    page = browser.get(f"/console/storms/{storm.public_id}/")
    for text in (shown.content.decode(), page.content.decode()):
        assert NAUGHTY not in text
        assert "&lt;script&gt;" in text
    assert "Your plan asks nothing for it either" in page.content.decode()
    assert "you pay <strong>nothing</strong>" in page.content.decode().lower()
    assert "Pixel 9" in page.content.decode()
    assert json.loads(
        page.content.decode().split('id="rates" type="application/json">')[1].split("</script>")[0]
    )
    assert signed_in(rival.owner).get(f"/console/storms/{storm.public_id}/").status_code == 404
    other = Environment.objects.for_tenant(customer.tenant).exclude(pk=storm.environment_id).earliest("pk")
    browser.post("/console/environment/", {"environment": other.public_id})
    led = browser.get(f"/console/storms/{storm.public_id}/", follow=True)
    assert led.redirect_chain
    assert led.context["environment"].pk == storm.environment_id


def test_a_document_for_doors_is_what_they_read(client):
    client.set(IN_FORCE, msgspec.json.encode({"11": [7, 8]}))
    assert in_force(client.get(IN_FORCE)) == {(11, 7), (11, 8)}
    assert in_force(None) == frozenset()
    assert os.environ["MILEPOST_REDIS_URL"]
