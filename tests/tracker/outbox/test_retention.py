"""Events are forgotten after thirty days, with what they led to; a device's at once."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tracker.caller import a_device
from tests.tracker.webhooks.rows import NOW, WHY, an_endpoint, an_event, attempts, messages
from tracker.devices.services import delete_device
from tracker.outbox import retention
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.webhooks import claims, results
from tracker.webhooks.client import Answer


@pytest.fixture
def delivered(customer, settings):
    """Two events, each delivered, with its attempt."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    an_endpoint(customer.test)
    events = [an_event(customer.test), an_event(customer.test)]
    now = datetime.now(UTC) + timedelta(hours=1)
    relay_batch(now=now)
    done = [
        results.result_of(one, Answer(200), started_at=NOW, now=NOW)
        for one in claims.claim(now=now, limit=9, busy={})
    ]
    results.record(done, now=now)
    assert (len(messages(state="delivered")), len(attempts())) == (2, 2)
    return events


def events():
    return OutboxEvent.objects.unscoped(WHY)


def test_what_was_handed_on_goes_after_thirty_days_with_all_it_led_to(customer, delivered):
    kept, old = delivered
    relayed = events().get(pk=old.pk).relayed_at
    events().filter(pk=old.pk).update(created_at=relayed)
    assert retention.forget_relayed(now=relayed + retention.KEPT) == 0
    events().filter(pk=kept.pk).update(created_at=relayed + timedelta(days=1))
    assert retention.forget_relayed(now=relayed + retention.KEPT + timedelta(seconds=1)) == 1
    assert [event.pk for event in events()] == [kept.pk]
    assert [message.event_id for message in messages()] == [kept.pk]
    assert len(attempts()) == 1


def test_what_was_never_handed_on_stays_however_old(customer):
    event = an_event(customer.test)
    events().update(created_at=NOW)
    assert retention.forget_relayed(now=NOW + timedelta(days=400)) == 0
    assert events().get().pk == event.pk


def test_more_than_a_chunk_goes_too(customer, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 3)
    for _ in range(7):
        an_event(customer.test)
    events().update(created_at=NOW, relayed_at=NOW)
    assert retention.forget_relayed(now=NOW + timedelta(days=31)) == 7


def test_a_deleted_device_takes_its_events_and_their_messages_with_it(customer, delivered):
    device = a_device(customer.test)
    events().filter(pk=delivered[0].pk).update(device_id=device.pk)
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        delete_device(device, now=NOW)
    assert [event.pk for event in events()] == [delivered[1].pk]
    assert [message.event_id for message in messages()] == [delivered[1].pk]
    assert len(attempts()) == 1
