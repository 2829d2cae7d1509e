"""Figures of days: equal to a slow recount, there before anybody computed them, fresh after each change."""

import random
from datetime import date, timedelta

import msgspec
import pytest

from dispatch.metrics import services
from dispatch.metrics.computing import Day, compute
from dispatch.metrics.figures import Figures
from dispatch.metrics.models import HubDay, SlotPrediction
from dispatch.metrics.recount import recount
from dispatch.metrics.selectors import figures_of
from tests.dispatch.fleet.ground import (
    NOW,
    a_driver,
    a_hub,
    a_manifest,
    a_shift,
    a_shipment,
    a_stop,
    a_vehicle,
)
from tracker.tenants import scope

TODAY = date(2026, 5, 4)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def a_random_day(hub, rng):
    """Drivers with and without shifts, manifests and vehicles; stops in every state."""
    for number in range(rng.randint(2, 5)):
        driver = a_driver(hub, f"Driver {number}")
        for _ in range(rng.randint(0, 2)):
            a_shift(driver, f"{rng.randint(4, 11):02}:00", f"{rng.randint(12, 23):02}:00")
        if rng.random() < 0.2:
            continue
        state = rng.choice(["draft", "released", "in_progress", "done", "cancelled"])
        on = rng.choice([TODAY, TODAY, TODAY, TODAY - timedelta(days=1)])
        manifest = a_manifest(
            driver, state, service_date=on, distance_m=rng.uniform(0, 9e4), duration_s=rng.uniform(0, 3e4),
            vehicle=rng.choice([None, a_vehicle(hub.environment, f"V{number}")]),
            begun_at=rng.choice([None, NOW - 90 * MINUTE]), done_at=NOW - MINUTE if state == "done" else None,
        )  # fmt: skip
        for place in range(1, rng.randint(1, 12)):
            a_random_stop(hub, manifest, place, rng)


def a_random_stop(hub, manifest, place, rng):
    state = rng.choice(["planned", "arrived", "delivered", "failed", "removed"])
    ended = state in {"delivered", "failed"}
    at = NOW - rng.randint(0, 100) * MINUTE
    a_stop(
        manifest, a_shipment(hub, size=rng.choice([{}, {"parcels": 2}, {"kg": 1.5}])),
        None if state == "removed" else place, state=state, distance_m=rng.uniform(0, 5000),
        slot_to=rng.choice([None, NOW + rng.randint(-90, 90) * MINUTE]),
        arrived_at=at if state == "arrived" or (ended and rng.random() < 0.7) else None,
        finished_at=at + 3 * MINUTE if ended else None,
        miss_chance=rng.choice([None, rng.random()]),
    )  # fmt: skip


def test_load_counts_only_what_is_on_vehicles_that_have_a_limit(box):
    hub = a_hub(box, "Pune")
    riding, walking, hauling = (a_driver(hub, name) for name in ("Riding", "Walking", "Hauling"))
    scooter, lorry = (
        a_vehicle(box, "V1", capacities={"parcels": 4}),
        a_vehicle(box, "V2", capacities={"kg": 900}),
    )
    for driver, vehicle, stops in ((riding, scooter, 1), (walking, None, 8), (hauling, lorry, 9)):
        manifest = a_manifest(driver, "released", service_date=TODAY, vehicle=vehicle)
        for place in range(1, stops + 1):
            a_stop(manifest, a_shipment(hub, size={"parcels": 1}), place)
    figures = compute(Day(hub, TODAY), now=NOW)
    assert (figures.parcels, figures.room_parcels, figures.load) == (1, 4, 0.25)
    assert recount(Day(hub, TODAY), now=NOW).load == 0.25


@pytest.mark.parametrize("seed", range(12))
def test_the_quick_figures_equal_the_slow_recount(box, seed):
    rng = random.Random(seed)
    hubs = [a_hub(box, "Pune"), a_hub(box, "Mumbai")]
    for hub in hubs:
        a_random_day(hub, rng)
    for hub in hubs:
        for on in (TODAY, TODAY - timedelta(days=1)):
            quick, slow = compute(Day(hub, on), now=NOW), recount(Day(hub, on), now=NOW)
            for name in Figures.__struct_fields__:
                if name != "drivers":
                    assert getattr(quick, name) == pytest.approx(getattr(slow, name)), name
            assert [one.driver for one in quick.drivers] == [one.driver for one in slow.drivers]
            for one, other in zip(quick.drivers, slow.drivers, strict=True):
                assert msgspec.structs.astuple(one)[2:] == pytest.approx(msgspec.structs.astuple(other)[2:])
            assert quick.on_time is None or 0 <= quick.on_time <= 1
            assert quick.completion is None or 0 <= quick.completion <= 1


def test_on_time_means_delivered_with_the_driver_at_the_door_by_the_slots_end(box):
    hub = a_hub(box, "Pune")
    manifest = a_manifest(a_driver(hub))
    soon, past = NOW + 30 * MINUTE, NOW - 30 * MINUTE
    cases = [
        {
            "state": "delivered",
            "slot_to": past,
            "arrived_at": past,
            "finished_at": past + MINUTE,
        },  # kept: at the door
        {"state": "delivered", "slot_to": past, "finished_at": past + MINUTE},  # missed
        {"state": "failed", "slot_to": past, "arrived_at": past - MINUTE, "finished_at": past},  # missed
        {"state": "planned", "slot_to": past},  # missed: its slot is over
        {"state": "arrived", "slot_to": past, "arrived_at": past - MINUTE},  # open: at the door in time
        {"state": "planned", "slot_to": soon},  # open
        {"state": "delivered", "finished_at": past},  # no slot: says nothing
        {"state": "removed", "slot_to": past},  # counts where it went
    ]
    for place, facts in enumerate(cases, 1):
        a_stop(manifest, a_shipment(hub), None if facts["state"] == "removed" else place, **facts)
    figures = compute(Day(hub, TODAY), now=NOW)
    assert (figures.slots_decided, figures.slots_kept, figures.slots_open) == (4, 1, 2)
    assert figures.on_time == 0.25


def test_figures_are_there_on_the_first_look_and_roll_up(box):
    west = a_hub(box, "West", kind="region")
    pune, mumbai = a_hub(box, "Pune", west), a_hub(box, "Mumbai", west)
    for hub, states in ((pune, ["delivered", "planned"]), (mumbai, ["delivered"])):
        manifest = a_manifest(a_driver(hub))
        for place, state in enumerate(states, 1):
            a_stop(
                manifest,
                a_shipment(hub),
                place,
                state=state,
                finished_at=NOW if state == "delivered" else None,
            )
    found = {one.hub.name: one for one in figures_of(box, TODAY, now=NOW)}
    assert [one.hub.name for one in figures_of(box, TODAY, now=NOW)] == ["West", "Mumbai", "Pune"]
    assert (found["West"].total.stops, found["West"].own.stops, found["West"].total.delivered) == (3, 0, 2)
    assert found["West"].total.completion == pytest.approx(2 / 3)
    assert found["Pune"].computed_at == NOW
    limited = figures_of(box, TODAY, sight=frozenset({pune.pk}), now=NOW)
    assert [(one.hub.name, one.depth) for one in limited] == [("Pune", 0)]


def test_where_no_tick_looks_whoever_looks_has_old_figures_made_anew(box):
    hub = a_hub(box, "Pune")
    a_shift(a_driver(hub))
    assert figures_of(box, TODAY, now=NOW)[0].total.drivers_on_shift == 1
    a_shift(a_driver(hub, "Ben"))
    assert figures_of(box, TODAY, now=NOW + 9 * MINUTE)[0].total.drivers_on_shift == 1
    (again,) = figures_of(box, TODAY, now=NOW + 11 * MINUTE)
    assert (again.total.drivers_on_shift, again.computed_at) == (2, NOW + 11 * MINUTE)
    past = TODAY - timedelta(days=30)
    assert figures_of(box, past, now=NOW)[0].computed_at is None


def test_a_mark_has_the_day_computed_and_a_mark_before_the_first_figures_shows_no_empty_ones(box):
    hub = a_hub(box, "Pune")
    manifest = a_manifest(a_driver(hub))
    stop = a_stop(manifest, a_shipment(hub), 1)
    services.mark_stale(box.pk, hub.pk, TODAY, NOW)
    (shown,) = figures_of(box, TODAY, now=NOW)
    assert shown.total.stops == 1
    type(stop).objects.for_environment(box).update(state="delivered", finished_at=NOW)
    services.mark_stale(box.pk, hub.pk, TODAY, NOW + MINUTE)
    services.mark_stale(box.pk, hub.pk, TODAY, NOW + 2 * MINUTE)
    assert HubDay.objects.for_environment(box).get().stale_since == NOW  # the first mark says since when
    assert services.refresh_stale(now=NOW + 10 * SECOND) == services.Refreshed(0, 0)  # was computed just now
    assert services.refresh_stale(now=NOW + 3 * MINUTE) == services.Refreshed(1, 0)
    row = HubDay.objects.for_environment(box).get()
    assert (row.figures["delivered"], row.stale_since, row.computed_at) == (1, None, NOW + 3 * MINUTE)
    assert services.refresh_stale(now=NOW + 4 * MINUTE) == services.Refreshed(0, 0)


def test_the_five_minute_tick_computes_hubs_at_work_of_every_customer(box, rival):
    hub = a_hub(box, "Pune")
    a_manifest(a_driver(hub))
    a_shift(a_driver(a_hub(box, "Idle"), "Idle"))
    with scope.scope(environment_id=rival.test.pk):
        a_manifest(a_driver(a_hub(rival.test, "Theirs")))
    assert services.refresh_all(now=NOW).failed == 0
    rows = HubDay.objects.for_environment(box).filter(service_date=TODAY)
    assert {row.hub.name: row.figures["manifests"] for row in rows} == {"Pune": 1, "Idle": 0}
    with scope.scope(environment_id=rival.test.pk):
        assert HubDay.objects.for_environment(rival.test).filter(service_date=TODAY).count() == 1
    assert services.refresh_all(now=NOW + MINUTE).days == 0
    assert services.refresh_all(now=NOW + 6 * MINUTE).days > 0


def test_a_slot_that_ends_unserved_changes_the_figures_with_time_alone(box):
    hub = a_hub(box, "Pune")
    a_stop(a_manifest(a_driver(hub)), a_shipment(hub), 1, slot_to=NOW + MINUTE)
    services.refresh_all(now=NOW)
    services.refresh_all(now=NOW + 6 * MINUTE)
    row = HubDay.objects.for_environment(box).get(service_date=TODAY)
    assert (row.figures["slots_decided"], row.figures["slots_kept"]) == (1, 0)


def test_arrivals_and_chances_are_written_noted_and_settled(box):
    hub = a_hub(box, "Pune")
    manifest = a_manifest(a_driver(hub), starts_at=NOW, begun_at=NOW)
    for place in (1, 2):
        a_stop(manifest, a_shipment(hub), place, slot_to=NOW + place * 25 * MINUTE)
    services.refresh_day(Day(hub, TODAY), now=NOW)
    stops = manifest.stops.model.objects.for_environment(box).order_by("place")
    first, second = stops
    assert first.eta_at is not None
    assert second.eta_at is not None
    assert first.eta_latest_at is not None
    assert first.miss_chance is not None
    assert NOW < first.eta_at < second.eta_at
    assert first.eta_at < first.eta_latest_at
    assert 0 < first.miss_chance < 0.5
    notes = SlotPrediction.objects.for_environment(box)
    assert {(row.stop_id, row.horizon_s) for row in notes} == {(first.pk, 1800)}
    services.refresh_day(Day(hub, TODAY), now=NOW + 21 * MINUTE)
    assert {(row.stop_id, row.horizon_s, row.made_at) for row in notes.all()} == {
        (first.pk, 1800, NOW), (second.pk, 1800, NOW + 21 * MINUTE),
    }  # fmt: skip
    stops.filter(pk=first.pk).update(
        state="delivered", arrived_at=NOW + 20 * MINUTE, finished_at=NOW + 22 * MINUTE
    )
    services.refresh_all(now=NOW + 52 * MINUTE)
    assert {row.stop_id: row.missed for row in notes.all()} == {first.pk: False, second.pk: True}
