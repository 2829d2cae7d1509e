"""Drafts become what drivers have, and nothing that happened since they were planned is undone."""

from datetime import timedelta

import pytest

from dispatch.manifests.models import ManifestStop, ManifestVersion
from dispatch.manifests.orders import lay, open_stops, stops_on, visit_of
from dispatch.manifests.releasing import release
from dispatch.manifests.services import acknowledge, arrive, begin, finish, issue, take_off
from dispatch.planning.models import PlanRun
from dispatch.planning.services import settings_of
from dispatch.shipments.authors import system
from dispatch.shipments.commands import Cancel, ConfirmDelivery
from dispatch.shipments.services import execute
from tests.dispatch.planning.town import OFFICE, a_town
from tracker.outbox.models import OutboxEvent

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BY = system("test")


@pytest.fixture
def town(box):
    town = a_town(box, room=8)
    town.parcels(18)
    return town


def out(town):
    """Plan and release all; the manifests in force."""
    town.plan()
    give(town)
    return town.manifests("released")


def give(town, **facts):
    drafts = [draft.pk for draft in town.manifests("draft")]
    return release(town.environment.pk, drafts, by=BY, now=town.now, **facts)


def versions(manifest):
    return list(
        ManifestVersion.objects.for_environment(manifest.environment_id)
        .filter(manifest=manifest)
        .order_by("number")
    )


def test_a_released_draft_is_version_one_and_its_parcels_know_whose_they_are(box, town):
    for manifest in out(town):
        assert manifest.version == 1
        [version] = versions(manifest)
        assert [stop["shipment"] for stop in version.document["stops"]] == [
            stop.shipment.public_id for stop in stops_on(manifest)
        ]
        assert len(version.difference["added"]) == len(version.document["stops"])
        for parcel in town.order(manifest):
            state = town.state(parcel)
            assert (state.state, state.driver_id, state.manifest_uid) == (
                "assigned", manifest.driver_id, manifest.uid,
            )  # fmt: skip
    kinds = OutboxEvent.objects.for_environment(box).filter(kind="manifest.released")
    assert kinds.count() == len(town.manifests("released"))


def test_a_document_holds_no_secret_of_another_route(town):
    first = out(town)[0]
    text = str(versions(first)[0].document)
    others = set(town.shipments) - set(town.order(first))
    assert not [parcel for parcel in others if town.state(parcel).shipment.public_id in text]


def test_releasing_again_does_nothing(town):
    town.plan()
    drafts = [draft.pk for draft in town.manifests("draft")]
    release(town.environment.pk, drafts, by=BY, now=town.now)
    assert release(town.environment.pk, drafts, by=BY, now=town.now).manifests == []
    assert {manifest.version for manifest in town.manifests()} == {1}


def test_a_plan_that_changes_nothing_makes_no_drafts(town):
    out(town)
    town.now += MINUTE
    town.plan()
    assert town.manifests("draft") == []


def test_new_parcels_come_as_the_next_version_with_what_was_there(town):
    before = {manifest.driver_id: set(town.order(manifest)) for manifest in out(town)}
    town.now += HOUR
    new = town.parcels(2, seed=2)
    town.plan()
    give(town)
    changed = [manifest for manifest in town.manifests() if manifest.version == 2]
    assert changed
    assert sorted(s for manifest in town.manifests() for s in town.order(manifest)) == sorted(town.shipments)
    for manifest in changed:
        came = set(town.order(manifest)) - before.get(manifest.driver_id, set())
        difference = versions(manifest)[-1].difference
        assert {stop["shipment"] for stop in difference["added"]} == {
            town.state(parcel).shipment.public_id for parcel in came
        }
    assert {town.state(parcel).state for parcel in new} == {"assigned"}


def test_a_parcel_that_a_person_moved_since_the_plan_stays_where_they_put_it(town):
    first, second = out(town)[:2]
    moved = town.order(first)[0]
    town.now += HOUR
    town.parcels(3, seed=2)
    town.plan()
    # the board gives one of the first driver's parcels to the second, after the plan was read
    visits = {stop.shipment_id: visit_of(stop) for stop in open_stops(stops_on(first))}
    lay(first, [visit for key, visit in visits.items() if key != moved], keep_record=True)
    lay(second, [*map(visit_of, open_stops(stops_on(second))), visits[moved]], keep_record=True)
    for manifest in (first, second):
        issue(manifest, reason="a person knows better", now=town.now)

    done = give(town)

    second.refresh_from_db()
    assert moved in town.order(second)
    holders = [manifest for manifest in town.manifests() if moved in town.order(manifest)]
    assert [holder.pk for holder in holders] == [second.pk]
    assert all(why for why in done.left_out.values())


def test_a_parcel_that_was_cancelled_since_the_plan_does_not_go_out(town):
    town.plan()
    gone = town.order(town.manifests("draft")[0])[0]
    execute(town.environment.pk, gone, Cancel(reason="changed my mind"), author=OFFICE, now=town.now)
    done = give(town)
    assert done.left_out == {gone: "it is not to be delivered any more"}
    assert gone not in [s for manifest in town.manifests() for s in town.order(manifest)]


def test_goods_on_the_road_stay_with_their_driver_whatever_the_next_plan_says(town):
    manifests = out(town)
    town.now += 4 * HOUR
    for manifest in manifests:
        begin(town.environment.pk, manifest.pk, at=town.now, by=BY, now=town.now)
    before = {manifest.driver_id: set(town.order(manifest)) for manifest in manifests}
    town.parcels(3, seed=2)
    run = town.plan()
    assert run.state == "done", run.failure
    give(town)
    for manifest in town.manifests("in_progress"):
        assert set(town.order(manifest)) == before[manifest.driver_id]
    assert {town.state(parcel).state for parcel in before[manifests[0].driver_id]} == {"out_for_delivery"}


def test_the_day_of_a_manifest_from_release_to_done(town):
    manifest = out(town)[0]
    place = town.environment.pk
    acknowledge(place, manifest.pk, 1, now=town.now)
    manifest.refresh_from_db()
    assert manifest.state == "acknowledged"
    town.now += 4 * HOUR
    stops = stops_on(manifest)
    last = stops[-1]
    arrive(place, last.pk, at=town.now, by=BY, now=town.now)
    manifest.refresh_from_db()
    assert manifest.state == "in_progress"
    assert stops_on(manifest)[0].pk == last.pk  # the order is the one the driver takes
    for stop in stops:
        town.now += 5 * MINUTE
        execute(place, stop.shipment_id, ConfirmDelivery(), author=OFFICE, now=town.now)
        finish(place, stop.pk, ManifestStop.State.DELIVERED, at=town.now, by=BY, now=town.now)
        finish(place, stop.pk, ManifestStop.State.DELIVERED, at=town.now, by=BY, now=town.now)
    manifest.refresh_from_db()
    assert (manifest.state, manifest.done_at) == ("done", town.now)


def test_a_cancelled_parcel_leaves_its_manifest_as_a_new_version(town):
    manifest = out(town)[0]
    gone, *rest = town.order(manifest)
    take_off(town.environment.pk, gone, reason="cancelled", now=town.now)
    take_off(town.environment.pk, gone, reason="cancelled", now=town.now)
    manifest.refresh_from_db()
    assert town.order(manifest) == rest
    assert manifest.version == 2
    [removed] = versions(manifest)[-1].difference["removed"]
    assert removed["shipment"] == town.state(gone).shipment.public_id


def test_a_manifest_that_loses_its_last_stop_is_cancelled(town):
    manifest = out(town)[0]
    for parcel in town.order(manifest):
        take_off(town.environment.pk, parcel, reason="cancelled", now=town.now)
    manifest.refresh_from_db()
    assert manifest.state == "cancelled"


def test_nine_begins_from_six_and_keeps_it_where_a_change_does_not_pay(town):
    prices = settings_of(town.environment.pk)
    prices.weights = {"change_driver": 500, "change_order": 500}
    prices.save()
    before = {manifest.driver_id: town.order(manifest) for manifest in out(town)}
    town.now += 3 * HOUR
    new = town.parcels(3, seed=9)
    run = town.plan(cause=PlanRun.Cause.PERSON)
    assert run.state == "done", run.failure
    give(town)
    after = {manifest.driver_id: town.order(manifest) for manifest in town.manifests("released")}
    assert {
        driver: [parcel for parcel in order if parcel not in new] for driver, order in after.items()
    } == before
    assert sorted(parcel for order in after.values() for parcel in order) == sorted(town.shipments)


def test_where_a_change_costs_nothing_a_route_that_was_made_badly_is_made_anew(town):
    prices = settings_of(town.environment.pk)
    prices.weights = {"change_driver": 0, "change_order": 0}
    prices.save()
    manifest = max(out(town), key=lambda manifest: len(town.order(manifest)))
    visits = [visit_of(stop) for stop in open_stops(stops_on(manifest))]
    shuffled = visits[::2] + visits[1::2]
    assert shuffled != visits
    lay(manifest, shuffled, keep_record=True)
    issue(manifest, reason="a person's whim", now=town.now)
    town.now += MINUTE
    town.plan()
    assert town.manifests("draft")
