"""What dispatch does about events: every kind that is published can be heard, and an override changes the figures."""

from datetime import UTC, date, datetime

import pytest

from dispatch.hearing import hear
from dispatch.metrics.models import HubDay
from tests.dispatch.fleet.ground import a_driver, a_hub, a_manifest
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.webhooks.examples import DATA

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
MINE = sorted(kind for kind in DATA if kind.startswith(("shipment.", "manifest.")))


def an_event(box, kind: str, data: dict) -> OutboxEvent:
    made = OutboxEvent.objects.create(environment=box, kind=kind, data=data, occurred_at=NOW)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("kind", MINE)
def test_an_event_of_each_published_kind_is_heard(box, kind):
    """Even where nothing of what it names is there any more."""
    hear([an_event(box, kind, DATA[kind])])


def test_the_days_of_all_manifests_of_an_override_are_computed_anew(box):
    on = date(2026, 5, 4)
    manifests = [
        a_manifest(a_driver(a_hub(box, name)), service_date=on, version=1) for name in ("North", "South")
    ]
    names = [one.public_id for one in manifests]
    event = an_event(box, "manifest.overridden", DATA["manifest.overridden"] | {"manifests": names})
    hear([event])
    scope.enter(environment_id=box.pk)
    stale = HubDay.objects.for_environment(box).filter(service_date=on, stale_since__isnull=False)
    assert set(stale.values_list("hub_id", flat=True)) == {one.hub_id for one in manifests}
