"""A run from its claim to drafts, and every way in which it can fail: the last good plan stays."""

from datetime import timedelta

import pytest

from dispatch.manifests.models import Manifest, ManifestOverride
from dispatch.manifests.orders import stops_on
from dispatch.planning import running
from dispatch.planning.claims import LEASE, claim
from dispatch.planning.errors import NothingToStop, PlanningRefusal, SolverGone
from dispatch.planning.frames import Better
from dispatch.planning.models import PlanRun
from dispatch.planning.services import stop_run
from tests.dispatch.planning.town import MORNING, InHouse, a_town
from tracker.outbox.models import OutboxEvent
from tracker.tenants.models import Environment

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def town(box):
    town = a_town(box)
    town.parcels(20)
    return town


def broken(what):
    """A solver that fails like this."""

    def frames(job):
        yield from ()
        raise what

    return lambda job: InHouse(job, frames=frames)


def said(environment, kind):
    return list(OutboxEvent.objects.for_environment(environment).filter(kind=kind))


def test_a_run_makes_drafts_of_all_that_waits(box, town):
    run = town.plan()

    assert run.state == "done", run.failure
    assert run.unserved == []
    drafts = town.manifests()
    assert {draft.state for draft in drafts} == {"draft"}
    assert sorted(shipment for draft in drafts for shipment in town.order(draft)) == sorted(town.shipments)
    assert run.facts["planned"] == 20
    assert run.facts["verified"]
    assert run.progress == [] or run.progress[-1][1] > 0
    [event] = said(box, "plan.finished")
    assert event.data["stops"] == 20


def test_visits_lie_within_the_shift_and_in_the_order_of_their_times(town):
    town.plan()
    for draft in town.manifests():
        stops = stops_on(draft)
        times = [stop.planned_arrival for stop in stops]
        assert times == sorted(times)
        assert times[0] >= MORNING + 3 * HOUR  # nine in Pune
        assert draft.ends_at <= MORNING + 12 * HOUR
        assert sum(stop.distance_m for stop in stops) <= draft.distance_m


def test_a_new_run_takes_the_place_of_the_drafts_before(town):
    town.plan()
    town.now += HOUR
    town.parcels(4, seed=2)
    run = town.plan()
    drafts = town.manifests("draft")
    assert {draft.run_id for draft in drafts} == {run.pk}
    assert sorted(s for draft in drafts for s in town.order(draft)) == sorted(town.shipments)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (PlanningRefusal("The plan breaks 2 rules."), "breaks 2 rules"),
        (ValueError("a mistake"), "Something went wrong in the planner"),
    ],
)
def test_a_run_that_fails_leaves_the_last_good_plan_and_says_so(box, town, fault, says):
    town.plan()
    before = {draft.pk: town.order(draft) for draft in town.manifests()}
    town.now += HOUR

    run = town.plan(solver=broken(fault))

    assert run.state == "failed"
    assert says in run.failure
    assert {draft.pk: town.order(draft) for draft in town.manifests()} == before
    [event] = said(box, "plan.failed")
    assert says in event.data["reason"]


def test_a_solver_that_is_killed_is_tried_once_more_and_then_the_run_fails(town):
    run = town.plan(solver=broken(SolverGone("The solver was ended by signal 9.")))
    assert (run.state, run.tries) == ("waiting", 1)
    held = town.claim()
    running.carry(held, clock=town.clock, solver=broken(SolverGone("The solver was ended by signal 9.")))
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.failure == "The solver was ended by signal 9. It was tried 2 times."


def test_nobody_on_shift_is_said_in_words(box):
    town = a_town(box, drivers=0)
    town.parcels(2)
    run = town.plan()
    assert run.state == "failed"
    assert run.failure.startswith("No driver of Pune East is on shift")


def test_a_hub_without_a_place_is_said_in_words(box, town):
    town.hub.longitude = town.hub.latitude = None
    town.hub.save()
    run = town.plan()
    assert run.state == "failed"
    assert "Pune East has no place" in run.failure


def test_while_a_cap_on_stops_is_reached_a_run_is_refused_in_words_and_the_plan_stays(box, town):
    town.plan()
    before = {draft.pk: town.order(draft) for draft in town.manifests()}
    Environment.objects.unscoped("test").filter(pk=box.pk).update(planning_stopped=True)
    town.now += HOUR
    run = town.plan()
    assert (run.state, "raise the cap on the budget page" in run.failure) == ("failed", True)
    assert {draft.pk: town.order(draft) for draft in town.manifests()} == before
    [event] = said(box, "plan.failed")
    assert "cap on planned stops" in event.data["reason"]


def test_nothing_to_plan_is_a_plan_without_manifests(box):
    town = a_town(box)
    run = town.plan()
    assert (run.state, run.facts["planned"], town.manifests()) == ("done", 0, [])


def test_a_stopped_run_keeps_its_best(town):
    run = town.ask(seconds=60)
    held = town.claim()

    class Slow(InHouse):
        def hear(self, *, every_s):
            yield Better(0.1, {"distance": 36_000, "unserved": 0}, {}, 0)
            stop_run(PlanRun.objects.for_environment(run.environment_id).get(pk=run.pk), now=town.now)
            yield None
            assert self.stopped.is_set()
            yield from super().hear(every_s=every_s)

    assert running.carry(held, clock=town.clock, solver=Slow) == "stopped"
    run.refresh_from_db()
    assert run.progress == [[0.1, 1.0, 0.0]]
    assert len([s for draft in town.manifests() for s in town.order(draft)]) == 20


def test_a_run_that_waits_is_stopped_at_once_and_one_that_is_over_cannot_be(town):
    run = stop_run(town.ask(), now=town.now)
    assert run.state == "stopped"
    assert claim(now=town.now) is None
    with pytest.raises(NothingToStop):
        stop_run(run, now=town.now)


def test_a_run_whose_planner_died_is_taken_over_and_the_dead_ones_plan_is_worth_nothing(town):
    run = town.ask()
    first = town.claim()
    assert claim(now=town.now + LEASE - timedelta(seconds=1)) is None
    town.now += LEASE + timedelta(seconds=1)

    second = town.claim()

    assert second.run_id == first.run_id == run.pk
    assert running.carry(first, clock=town.clock, solver=InHouse) == ""
    assert town.manifests() == []
    assert running.carry(second, clock=town.clock, solver=InHouse) == "done"
    assert len(town.manifests()) > 0


def test_a_run_whose_planners_die_again_and_again_fails_and_says_so(town):
    run = town.ask()
    for _ in range(3):
        held = town.claim()
        town.now += 2 * LEASE
    assert running.carry(held, clock=lambda: town.now - 2 * LEASE, solver=InHouse) == "failed"
    run.refresh_from_db()
    assert run.failure == "The planner was ended 2 times while it solved this."


def test_a_hub_that_is_being_planned_waits_for_that_plan(town):
    town.ask()
    held = town.claim()
    town.ask()
    assert claim(now=town.now) is None
    running.carry(held, clock=town.clock, solver=InHouse)
    assert claim(now=town.now) is not None


def test_asking_twice_is_one_run(town):
    assert town.ask().pk == town.ask(seconds=30).pk


def test_a_board_that_a_person_changes_meanwhile_is_planned_anew(box, town):
    town.plan()
    town.now += HOUR

    class Meanwhile(InHouse):
        def hear(self, *, every_s):
            override(town)
            yield from super().hear(every_s=every_s)

    run = town.plan(solver=Meanwhile)
    assert run.state == "waiting"
    assert run.facts["begun_again"] == ["A person overrode the plan while the next one was made."]
    town.now += MINUTE
    held = town.claim()
    assert running.carry(held, clock=town.clock, solver=InHouse) == "done"


def test_a_board_that_is_changed_again_and_again_is_planned_quicker_each_time(box, town):
    town.plan()
    town.now += HOUR
    seconds = []

    class Busy(InHouse):
        def hear(self, *, every_s):
            seconds.append(self.job.seconds)
            if len(seconds) <= running.MOST_AGAIN:
                override(town)
            yield from super().hear(every_s=every_s)

    run = town.ask(seconds=64)
    ended = []
    while (held := town.claim()) is not None:
        ended.append(running.carry(held, clock=town.clock, solver=Busy))
        town.now += MINUTE
        if ended[-1] != "waiting":
            break
    run.refresh_from_db()
    assert ended == ["waiting"] * running.MOST_AGAIN + ["done"], run.failure
    assert seconds == [64 / running.HURRY**n for n in range(running.MOST_AGAIN + 1)]


def override(town):
    """Only the record of it: what matters to a run is that there is one."""
    ManifestOverride.objects.create(
        environment=town.environment, hub=town.hub, service_date=town.manifests()[0].service_date, kind="order",
        before={}, after={}, reason_code="other", reason="a person knows better", author={},
        created_at=town.now + timedelta(seconds=1),
    )  # fmt: skip


def test_a_planner_that_is_told_to_end_hands_the_run_back_at_once(town):
    run = town.ask()
    held = town.claim()

    class Long(InHouse):
        def hear(self, *, every_s):
            yield None

    assert running.carry(held, clock=town.clock, solver=Long, going=lambda: False) == "waiting"
    run.refresh_from_db()
    assert (run.state, run.tries) == ("waiting", 0)
    assert claim(now=town.now) is not None


def test_a_window_that_releases_gives_drivers_their_manifests(town):
    run = town.plan(releases=True)
    assert run.state == "done", run.failure
    manifests = town.manifests()
    assert {manifest.state for manifest in manifests} == {Manifest.State.RELEASED}
    assert {town.state(parcel).state for parcel in town.shipments} == {"assigned"}
