"""Planning's pages: who sees and does what, at first paint and while a run goes on."""

import pytest
from django.urls import reverse

from dispatch.planning import sketch
from dispatch.planning.assembling import assemble
from dispatch.planning.frames import Better
from dispatch.planning.models import DispatchWindow, PlanRun
from dispatch.planning.services import give_default_windows
from tests.dispatch.planning.town import MORNING, a_town
from tracker.tenants.models import Role


@pytest.fixture
def town(box):
    town = a_town(box)
    town.parcels(6)
    return town


@pytest.fixture
def page(signed_in, customer, town):
    return signed_in(customer.owner)


def test_a_supervisor_asks_for_a_plan_and_comes_to_its_page(signed_in, customer, town):
    client = signed_in(customer.member(Role.SUPERVISOR))
    answer = client.post(reverse("console_run_ask"), {"hub": town.hub.pk, "seconds": 3})
    run = PlanRun.objects.for_environment(town.environment).get()
    assert answer.url == reverse("console_run", kwargs={"run_id": run.public_id})
    shown = client.get(answer.url).content.decode()
    assert "Stop, keep the best" in shown
    assert "Waiting" in shown


def test_a_viewer_sees_and_does_nothing(signed_in, customer, town):
    run = town.ask()
    client = signed_in(customer.member(Role.VIEWER))
    shown = client.get(reverse("console_run", kwargs={"run_id": run.public_id})).content.decode()
    assert "Stop, keep the best" not in shown
    assert client.post(reverse("console_run_ask"), {"hub": town.hub.pk, "seconds": 3}).status_code == 403
    assert client.post(reverse("console_run_stop", kwargs={"run_id": run.public_id})).status_code == 403


def test_a_run_under_way_is_drawn_with_its_falling_cost(page, town):
    run = town.ask()
    held = town.claim()
    made = assemble(town.environment.pk, town.hub, service_date=MORNING.date(), now=town.now)
    driver = town.drivers[0].public_id
    sketch.draw(held.run_id, made, Better(1.5, {"distance": 360_000}, {driver: tuple(made.parcels)}, 0))
    said = page.get(reverse("console_run_state", kwargs={"run_id": run.public_id})).json()
    assert (said["state"], said["live"], said["progress"]) == ("running", True, [[1.5, 10.0, 0]])
    [route] = said["routes"]
    assert (route["name"], route["stops"], len(route["line"])) == ("Driver A", 6, 7)


@pytest.mark.parametrize("state", PlanRun.State.values)
def test_runs_are_listed_in_every_state(page, town, state):
    run = town.ask()
    # what is known of it: nothing before its end, and of one begun again only that
    PlanRun.objects.for_environment(town.environment).filter(pk=run.pk).update(
        state=state, facts={"begun_again": ["once"]} if state == "waiting" else {}
    )
    for narrowed in ("", f"?state={state}"):
        answer = page.get(reverse("console_runs") + narrowed)
        assert answer.status_code == 200
        assert answer.content.decode().count(">—<") == 3
    assert page.get(reverse("console_run", kwargs={"run_id": run.public_id})).status_code == 200


def test_a_run_with_nothing_to_plan_is_listed_with_noughts(page, box):
    other = a_town(box)
    other.plan()
    shown = page.get(reverse("console_runs")).content.decode()
    assert '"Planned" class="end number">0<' in shown
    assert "0.0\N{NO-BREAK SPACE}km" in shown


def test_a_run_that_is_done_shows_its_routes_and_can_be_released_from_there(page, town):
    run = town.plan()
    shown = page.get(reverse("console_run", kwargs={"run_id": run.public_id})).content.decode()
    assert "Release" in shown
    page.post(reverse("console_run_release", kwargs={"run_id": run.public_id}))
    assert {manifest.state for manifest in town.manifests()} == {"released"}
    assert page.get(reverse("console_manifests")).status_code == 200
    for manifest in town.manifests():
        detail = page.get(reverse("console_manifest", kwargs={"manifest_id": manifest.public_id}))
        assert "Versions" in detail.content.decode()


def test_a_run_that_failed_says_so_and_what_is_in_force(page, town):
    town.plan(releases=True)
    town.hub.longitude = town.hub.latitude = None
    town.hub.save()
    run = town.plan()
    shown = page.get(reverse("console_run", kwargs={"run_id": run.public_id})).content.decode()
    assert "Pune East has no place" in shown
    assert "The last good plan stays in force" in shown


def test_windows_are_added_changed_switched_and_removed(page, town):
    give_default_windows(town.hub, now=MORNING)
    assert "06:00" in page.get(reverse("console_windows")).content.decode()
    page.post(
        reverse("console_window_add", kwargs={"hub_id": town.hub.public_id}),
        {"at": "15:30", "seconds": 10, "weekdays": [1, 2, 3]},
    )
    window = DispatchWindow.objects.for_environment(town.environment).get(at="15:30")
    assert window.weekdays == [1, 2, 3]
    named = {"window_id": window.public_id}
    assert page.get(reverse("console_window", kwargs=named)).status_code == 200
    page.post(reverse("console_window_switch", kwargs=named))
    window.refresh_from_db()
    assert window.enabled is False
    page.post(
        reverse("console_window_change", kwargs=named),
        {"at": "16:00", "seconds": 10, "weekdays": [1], "releases": "on"},
    )
    window.refresh_from_db()
    assert (f"{window.at:%H:%M}", window.releases, window.enabled) == ("16:00", True, False)
    page.post(reverse("console_window_remove", kwargs=named))
    assert DispatchWindow.objects.for_environment(town.environment).count() == 3


def test_a_window_that_clashes_is_refused_in_the_form(page, town):
    windows = give_default_windows(town.hub, now=MORNING)
    answer = page.post(
        reverse("console_window_change", kwargs={"window_id": windows[0].public_id}),
        {"at": "09:00", "seconds": 10, "weekdays": [1]},
    )
    assert answer.status_code == 422
    assert "has a window at 09:00 already" in answer.content.decode()
