"""Whoever speaks to a parcel alone finds its stop settled, by what is so when it is heard."""

from datetime import timedelta

import pytest

from dispatch.manifests.hearing import hear
from dispatch.manifests.models import ManifestStop
from dispatch.planning.models import PlanRun
from dispatch.shipments.commands import Cancel, ConfirmDelivery, FailAttempt, Reschedule
from dispatch.shipments.services import execute
from tests.dispatch.planning.town import MORNING, OFFICE, a_town
from tracker.outbox.models import OutboxEvent

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def town(box):
    town = a_town(box, drivers=1)
    town.parcels(3, slots=((MORNING + 4 * HOUR, MORNING + 8 * HOUR),))
    town.plan(releases=True)
    town.now += 5 * HOUR
    return town


def says(town, *commands):
    """A backend gives commands to the first parcel, and the relay brings what came of them, twice."""
    parcel = town.order(town.manifests()[0])[0]
    OutboxEvent.objects.for_environment(town.environment).delete()
    for command in commands:
        execute(town.environment.pk, parcel, command, author=OFFICE, now=town.now)
    events = list(OutboxEvent.objects.for_environment(town.environment))
    for _ in range(2):
        hear(town.environment.pk, events, now=town.now)
    return parcel


def stop_of(town, parcel):
    return ManifestStop.objects.for_environment(town.environment).get(shipment_id=parcel)


def test_a_delivery_finishes_its_stop(town):
    parcel = says(town, ConfirmDelivery())
    stop = stop_of(town, parcel)
    assert (stop.state, stop.finished_at) == ("delivered", town.now)
    assert town.manifests()[0].state == "in_progress"


def test_a_failed_attempt_finishes_its_stop(town):
    assert stop_of(town, says(town, FailAttempt(reason="nobody_home"))).state == "failed"


def test_a_cancelled_parcel_leaves_its_manifest_once(town):
    parcel = says(town, Cancel(reason="changed my mind"))
    assert stop_of(town, parcel).state == "removed"
    assert town.manifests()[0].version == 2


def test_a_parcel_wanted_on_another_day_leaves_and_waits_for_it(town):
    parcel = says(town, Reschedule(slots=((MORNING + DAY + HOUR, MORNING + DAY + 3 * HOUR),)))
    assert stop_of(town, parcel).state == "removed"
    assert town.state(parcel).state in ("created", "ready")


def test_a_parcel_wanted_at_another_hour_has_the_day_planned_anew(town):
    parcel = says(town, Reschedule(slots=((MORNING + 10 * HOUR, MORNING + 11 * HOUR),)))
    assert stop_of(town, parcel).state == "planned"
    runs = PlanRun.objects.for_environment(town.environment).filter(state="waiting")
    assert [run.cause for run in runs] == ["change"]


def test_one_that_keeps_its_slot_disturbs_nobody(town):
    says(town, Reschedule(slots=((MORNING + 4 * HOUR, MORNING + 9 * HOUR),)))
    assert not PlanRun.objects.for_environment(town.environment).filter(state="waiting").exists()
