"""What dispatch does about events: every kind that is published can be heard, and an override changes the figures."""

from datetime import UTC, date, datetime

import pytest

from dispatch.hearing import hear
from dispatch.metrics.models import HubDay
from tests.dispatch.fleet.ground import a_driver, a_hub, a_manifest
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.outbox.subscribers import SUBSCRIBERS
from tracker.tenants import scope
from tracker.webhooks.examples import DATA

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
FAILING: tuple[Kind, ...] = (Kind.SHIPMENT_DELIVERED, Kind.SHIPMENT_CREATED)
MINE = sorted(kind for kind in DATA if kind.startswith(("shipment.", "manifest.")))


def an_event(box, kind: str, data: dict) -> OutboxEvent:
    made = OutboxEvent.objects.create(environment=box, kind=kind, data=data, occurred_at=NOW)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("kind", MINE)
def test_an_event_of_each_published_kind_is_heard(box, kind):
    """Even where nothing of what it names is there any more."""
    hear([an_event(box, kind, DATA[kind])])


def test_an_event_of_every_published_kind_is_handed_on_to_every_subscriber(box):
    """As the relay does it, with all who have subscribed: dispatch, alerts and webhooks."""
    assert hear in SUBSCRIBERS
    assert len(SUBSCRIBERS) >= 3
    made = [an_event(box, kind, data) for kind, data in sorted(DATA.items())]
    relayed = relay_batch(now=NOW)
    assert (relayed.kinds, relayed.count) == ({}, len(made))


def test_an_event_at_which_a_subscriber_fails_is_named_by_its_kind(box):
    def fails(events):
        if any(event.kind == "shipment.delivered" for event in events):
            raise KeyError("nobody thought of that")

    made = [an_event(box, kind, DATA[kind]) for kind in FAILING]
    relayed = relay_batch(now=NOW, subscribers=[fails])
    assert (relayed.kinds, relayed.count) == ({made[0].pk: "shipment.delivered"}, 1)


def test_the_days_of_all_manifests_of_an_override_are_computed_anew(box):
    on = date(2026, 5, 4)
    manifests = [
        a_manifest(a_driver(a_hub(box, name)), service_date=on, version=1) for name in ("North", "South")
    ]
    names = [one.public_id for one in manifests]
    event = an_event(box, "manifest.overridden", DATA[Kind.MANIFEST_OVERRIDDEN] | {"manifests": names})
    hear([event])
    scope.enter(environment_id=box.pk)
    stale = HubDay.objects.for_environment(box).filter(service_date=on, stale_since__isnull=False)
    assert set(stale.values_list("hub_id", flat=True)) == {one.hub_id for one in manifests}
