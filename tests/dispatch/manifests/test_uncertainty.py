"""The flag of uncertain plans in the database, and what came of flagged plans and of others."""

from datetime import timedelta

import pytest

from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.uncertainty import check, flag, past_of
from dispatch.shipments.models import ShipmentState
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_manifest, a_shipment, a_stop

TODAY = NOW.date()


@pytest.fixture
def hub(box):
    return a_hub(box, "East")


def a_plan(hub, *facts: dict, name: str = "Asha", **of_manifest) -> Manifest:
    """A manifest with one stop for each of the facts of a shipment; `slot_to` and `state` are the stop's."""
    manifest = a_manifest(a_driver(hub, name), "draft", **of_manifest)
    for place, one in enumerate(facts, 1):
        of_stop = {
            key: one.pop(key) for key in ("slot_to", "state", "arrived_at", "finished_at") if key in one
        }
        a_stop(
            manifest,
            a_shipment(hub, **{"phone": "1", "latitude": 18.5, "longitude": 73.8, **one}),
            place,
            **of_stop,
        )
    return manifest


def test_a_plan_of_doubtful_stops_is_flagged_and_a_calm_one_is_not(hub):
    doubtful = a_plan(hub, {"place_doubtful": True, "attempts": 1, "slot_to": NOW}, name="Doubtful")
    calm = a_plan(hub, {}, {}, name="Calm")
    assert flag(hub.environment_id, [doubtful.pk, calm.pk], now=NOW) == [doubtful]
    for row in (doubtful, calm):
        row.refresh_from_db()
    assert doubtful.uncertainty > 3 * calm.uncertainty > 0
    assert "doubtful" in doubtful.flags[0]["reason"]
    assert calm.flags == []


def test_a_place_that_something_was_delivered_to_before_is_known(hub):
    fresh = a_plan(hub, {}, name="Fresh")
    flag(hub.environment_id, [fresh.pk], now=NOW)
    fresh.refresh_from_db()
    before = fresh.uncertainty
    [stop] = ManifestStop.objects.for_environment(hub.environment_id).filter(manifest=fresh)
    a_shipment(hub, ShipmentState.State.DELIVERED, latitude=stop.latitude, longitude=stop.longitude)
    flag(hub.environment_id, [fresh.pk], now=NOW)
    fresh.refresh_from_db()
    assert fresh.uncertainty < before


def test_the_flag_is_held_against_what_failed_and_what_came_late(hub):
    over = {"state": "delivered", "arrived_at": NOW, "finished_at": NOW}
    late = over | {"slot_to": NOW - timedelta(hours=1)}
    failed = over | {"state": "failed"}
    flagged = a_plan(hub, dict(failed), dict(late), dict(over), name="Flagged")
    good = [a_plan(hub, dict(over), dict(over), name=f"Good {n}") for n in range(3)]
    Manifest.objects.for_environment(hub.environment_id).update(state=Manifest.State.DONE)
    Manifest.objects.for_environment(hub.environment_id).filter(pk=flagged.pk).update(flags=[{"reason": "x"}])
    found = check(hub.environment_id, [hub.pk], TODAY - timedelta(days=1), TODAY)
    assert (found.flagged.plans, found.flagged.with_failure, found.flagged.stops) == (1, 1, 3)
    assert (found.flagged.failed, found.flagged.late) == (1, 1)
    assert (found.unflagged.plans, found.unflagged.with_failure) == (len(good), 0)
    assert found.flagged_share == 0.25
    assert found.lift is None, "nothing failed without a flag: no number of times oftener"
    assert check(hub.environment_id, [], TODAY, TODAY).flagged_share is None


def test_a_hub_s_past_is_what_its_stops_came_to(hub):
    at = NOW + timedelta(minutes=10)  # planned for the first stop
    facts = {"state": "delivered", "finished_at": NOW - timedelta(minutes=1)}
    a_plan(hub, facts | {"arrived_at": at + timedelta(minutes=4)}, {**facts, "state": "failed"}, name="Past")
    past = past_of(hub.environment_id, hub.pk, now=NOW)
    assert (past.attempts, past.failed, past.arrivals) == (2, 1, 1)
    assert past.lateness_s == pytest.approx(240)
