"""The other meters, each by its source rows: retried, replayed, erased; and pulls that meet."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections

from billing.meters import selectors, services
from billing.meters.catalogue import METERS
from billing.meters.counting import COUNTERS
from billing.meters.models import UsageRecord
from dispatch.fleet.models import Hub
from dispatch.planning.models import PlanRun
from dispatch.shipments.models import Shipment
from tests.billing.meters.books import records, revisions, slow_recount
from tests.tracker.webhooks.rows import an_endpoint, an_event, messages
from tracker.ingestion.models import ActiveDevice, KeyUse
from tracker.outbox.catalogue import Kind
from tracker.outbox.relay import relay_batch
from tracker.positions.models import ArchivedBytes
from tracker.privacy.models import ErasureRequest
from tracker.tenants import scope
from tracker.webhooks import claims, results
from tracker.webhooks.client import Answer
from tracker.webhooks.models import WebhookMessage

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
WHY = "a test looks at everything"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def development(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True


def used(environment, quantity, hour=HOUR, what="accepted", key=0):
    KeyUse.objects.create(environment=environment, hour=hour, what=what, key_id=key, lane=0, count=quantity)


def pull(now=NOW):
    return services.pull(now)


def test_every_meter_is_counted_and_says_what_it_counts():
    assert set(COUNTERS) == set(METERS)
    assert all(meter.counts and meter.source and meter.retried for meter in METERS.values())


def deliver(answer, now=NOW):
    relay_batch(now=NOW)
    late = NOW + timedelta(days=36500)  # after whatever the database's own clock wrote
    both = [claims.claim(now=late, limit=100, busy={}, slow_lane=slow) for slow in (False, True)]
    for held in itertools.chain(*both):
        results.record([results.result_of(held, answer, started_at=now, now=now)], now=now)


def test_a_delivery_counts_once_however_often_it_failed_or_is_replayed(customer):
    an_endpoint(customer.live)
    an_event(customer.live)
    deliver(Answer(500, "it answered 500", ""))
    pull()
    assert records(customer.live.pk) == {}
    deliver(Answer(200, "", ""))
    pull()
    assert records(customer.live.pk) == {("webhooks_delivered", HOUR): 1}
    with scope.scope(unscoped=WHY):
        [message] = WebhookMessage.objects.unscoped(WHY)
        WebhookMessage.objects.unscoped(WHY).create(
            environment_id=message.environment_id, endpoint_id=message.endpoint_id, event_id=message.event_id,
            number=1, due_at=NOW,
        )  # fmt: skip
    deliver(Answer(200, "", ""), NOW + timedelta(hours=1))
    assert [message.state for message in messages()] == ["delivered", "delivered"]
    pull(NOW + timedelta(hours=1))
    assert records(customer.live.pk) == {("webhooks_delivered", HOUR): 1}
    assert records(customer.live.pk) == slow_recount(customer.live.pk)


def test_a_test_event_is_no_delivery_that_counts(customer):
    an_endpoint(customer.live)
    an_event(customer.live, Kind.WEBHOOK_TEST)
    deliver(Answer(200, "", ""))
    pull()
    assert records(customer.live.pk) == {}


def test_messages_that_are_forgotten_stay_counted(customer):
    an_endpoint(customer.live)
    an_event(customer.live)
    deliver(Answer(200, "", ""))
    pull()
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracker_webhookattempt")
        cursor.execute("DELETE FROM tracker_webhookmessage")
    assert services.recount(customer.live.pk, HOUR, NOW, now=NOW) == 0
    assert records(customer.live.pk) == {("webhooks_delivered", HOUR): 1}


def a_run(environment, state, planned, finished_at=NOW):
    with scope.scope(environment_id=environment.pk):
        hub, _ = Hub.objects.for_environment(environment).get_or_create(
            environment=environment, name="North", defaults={"kind": "depot"}
        )
        PlanRun.objects.create(
            environment=environment, hub=hub, cause="person", service_date=NOW.date(), due_at=NOW, state=state,
            finished_at=finished_at, facts={"planned": planned, "begun_again": ["its process died"]},
        )  # fmt: skip


def test_stops_count_when_their_plan_is_ready_and_not_where_it_failed(customer):
    a_run(customer.live, "done", 40)
    a_run(customer.live, "stopped", 2, NOW - timedelta(minutes=10))
    a_run(customer.live, "failed", 99)
    pull()
    assert records(customer.live.pk) == {("dispatch_stops", HOUR): 42}


def test_a_shipment_counts_in_the_hour_it_was_announced(customer):
    with scope.scope(environment_id=customer.live.pk):
        for number in range(3):
            Shipment.objects.create(environment=customer.live, external_id=f"s-{number}")
        Shipment.objects.for_environment(customer.live).update(created_at=NOW - timedelta(hours=2))
    pull()
    assert records(customer.live.pk) == {("shipments_tracked", HOUR - timedelta(hours=2)): 3}
    assert records(customer.live.pk) == slow_recount(customer.live.pk)


def test_the_archive_is_a_level_that_every_hour_holds(customer):
    for ago, size in ((5, 100), (3, 50), (0, -30)):
        ArchivedBytes.objects.create(environment=customer.live, at=NOW - timedelta(hours=ago), bytes=size)
    pull()
    hours = [HOUR - timedelta(hours=n) for n in range(5, -1, -1)]
    held = [100, 100, 150, 150, 150, 120]
    assert records(customer.live.pk) == {
        ("archive_bytes", hour): level for hour, level in zip(hours, held, strict=True)
    }
    pull(NOW + timedelta(hours=1))
    assert records(customer.live.pk)["archive_bytes", HOUR + timedelta(hours=1)] == 120
    assert selectors.billed_usage(customer.tenant.pk, hours[0], NOW)["archive_bytes"] == sum(held)


def test_a_test_environment_is_metered_and_never_billed(customer):
    used(customer.test, 7)
    used(customer.live, 5)
    pull()
    assert records(customer.test.pk) == {("fixes_accepted", HOUR): 7}
    billed = selectors.billed_usage(customer.tenant.pk, HOUR, HOUR + timedelta(hours=1))
    assert billed == dict.fromkeys(METERS, 0) | {"fixes_accepted": 5}


def test_another_tenants_usage_is_not_among_ours(customer, rival):
    used(rival.live, 9)
    pull()
    assert set(selectors.billed_usage(customer.tenant.pk, HOUR, NOW).values()) == {0}
    assert selectors.hourly(customer.tenant.pk, "fixes_accepted", HOUR, NOW) == []
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        assert not UsageRecord.objects.for_environment(rival.live).exists()


def test_a_record_that_changes_gets_a_higher_revision_and_a_recount_finds_nothing_more(customer):
    used(customer.live, 5)
    pull()
    KeyUse.objects.for_environment(customer.live).update(count=6)
    assert services.recount(customer.live.pk, HOUR, NOW, now=NOW) == 1
    assert services.recount(customer.live.pk, HOUR, NOW, now=NOW) == 0
    assert selectors.hourly(customer.tenant.pk, "fixes_accepted", HOUR, NOW) == [(HOUR, 6, 2)]


def test_a_recount_corrects_what_somebody_wrote_by_hand(customer):
    used(customer.live, 5)
    pull()
    with scope.scope(unscoped=WHY):
        rows = UsageRecord.objects.for_environment(customer.live)
        rows.update(quantity=500)
        UsageRecord.objects.create(
            environment=customer.live, meter="dispatch_stops", hour=HOUR, quantity=3, computed_at=NOW
        )
    call_command("recount_usage", "2026-05-04", "2026-05-04", "--environment", customer.live.public_id)
    assert records(customer.live.pk) == {("fixes_accepted", HOUR): 5}
    assert revisions(customer.live.pk)["dispatch_stops", HOUR] == 2


def test_what_an_erased_environment_used_stays_in_the_records(customer):
    used(customer.live, 5)
    pull()
    with scope.scope(unscoped=WHY):
        ErasureRequest.objects.create(
            tenant=customer.tenant,
            kind="environment",
            environment_number=customer.live.pk,
            due_at=NOW,
            begun_at=NOW,
        )
        KeyUse.objects.for_environment(customer.live).delete()
    pull()
    services.recount(customer.live.pk, HOUR, NOW, now=NOW)
    assert records(customer.live.pk) == {("fixes_accepted", HOUR): 5}


def test_hours_missed_while_no_worker_ran_are_made_up_for(customer):
    pull(NOW - timedelta(hours=9))
    for hours in range(9):
        used(customer.live, 1 + hours, HOUR - timedelta(hours=hours))
    pull()
    found = records(customer.live.pk)
    assert sum(found.values()) == sum(range(1, 10))


def test_a_month_of_hours_of_devices_is_the_number_of_devices(customer):
    for number in range(4):
        ActiveDevice.objects.create(
            environment=customer.live, month=NOW.date().replace(day=1), device_id=number + 1,
            first_received_at=NOW - timedelta(hours=number),
        )  # fmt: skip
    pull()
    billed = selectors.billed_usage(customer.tenant.pk, datetime(2026, 5, 1, tzinfo=UTC), NOW)
    assert billed["active_devices"] == 4


@pytest.mark.django_db(transaction=True)
def test_of_two_pulls_at_once_one_stands_back(customer):
    used(customer.live, 5)
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [services.LOCK])
        assert pull() is None
        assert records(customer.live.pk) == {}
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [services.LOCK])
        assert pull() is not None
        assert records(customer.live.pk) == {("fixes_accepted", HOUR): 5}
    finally:
        other.close()


def test_a_pull_asks_as_much_for_one_customer_as_for_two(customer, rival, django_assert_max_num_queries):
    used(customer.live, 5)
    pull()
    with django_assert_max_num_queries(45) as few:
        pull()
    for environment in (customer.test, rival.live, rival.test):
        used(environment, 3)
    with django_assert_max_num_queries(len(few.captured_queries)):
        pull()
