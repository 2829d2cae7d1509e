"""From windows to runs: each once, whoever else looks, and once for whatever was missed."""

import threading
from datetime import time, timedelta

import pytest
from django.db import connection, transaction

from dispatch.planning import due
from dispatch.planning.errors import WindowTaken
from dispatch.planning.models import DispatchWindow, PlanRun
from dispatch.planning.services import (
    WindowWish,
    add_window,
    change_window,
    give_default_windows,
)
from tests.dispatch.fleet.ground import a_hub
from tests.dispatch.planning.town import MORNING
from tracker.tenants import scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHY = "a test looks at all"


def runs(environment):
    return list(PlanRun.objects.for_environment(environment).order_by("due_at"))


@pytest.fixture
def zone(box):
    hub = a_hub(box, "Pune East")
    give_default_windows(hub, now=MORNING - HOUR)
    return hub


def test_a_new_zone_has_windows_at_six_nine_and_twelve_of_its_own_time(box, zone):
    windows = DispatchWindow.objects.for_environment(box).order_by("at")
    assert [window.at for window in windows] == [time(6), time(9), time(12)]
    assert [window.next_due_at for window in windows] == [MORNING, MORNING + 3 * HOUR, MORNING + 6 * HOUR]
    assert give_default_windows(zone, now=MORNING) == []


def test_a_window_that_is_due_makes_one_run_however_often_one_looks(box, zone):
    due.make_runs(now=MORNING - timedelta(seconds=1))
    assert runs(box) == []
    for seconds in range(3):
        due.make_runs(now=MORNING + timedelta(seconds=seconds))
    [run] = runs(box)
    assert (run.due_at, run.cause, run.state) == (MORNING, "window", "waiting")
    assert run.service_date.isoformat() == "2026-05-04"


def test_a_window_missed_for_days_runs_once_when_the_system_is_back(box, zone):
    back = MORNING + 3 * DAY + HOUR
    due.make_runs(now=back)
    due.make_runs(now=back + timedelta(minutes=1))
    [run] = runs(box)
    assert run.due_at == MORNING + 3 * DAY
    assert run.service_date.isoformat() == "2026-05-07"


def test_of_two_windows_missed_the_last_one_runs_for_both(box, zone):
    due.make_runs(now=MORNING + 4 * HOUR)
    [run] = runs(box)
    assert run.due_at == MORNING + 3 * HOUR
    due.make_runs(now=MORNING + 6 * HOUR)
    assert [run.due_at for run in runs(box)] == [MORNING + 3 * HOUR, MORNING + 6 * HOUR]


def test_a_window_is_not_due_for_what_was_before_it_was_made(box):
    hub = a_hub(box, "Pune West")
    add_window(hub, WindowWish(time(6)), now=MORNING + HOUR)
    due.make_runs(now=MORNING + 2 * HOUR)
    assert runs(box) == []


def test_a_window_that_is_switched_off_or_of_a_closed_hub_is_not_due(box, zone):
    zone.retired_at = MORNING - HOUR
    zone.save()
    off = add_window(a_hub(box, "Pune West"), WindowWish(time(6), enabled=False), now=MORNING - HOUR)
    due.make_runs(now=MORNING + HOUR)
    assert runs(box) == []
    assert off.enabled is False


def test_two_windows_of_a_hub_at_one_time_are_refused(box, zone):
    with pytest.raises(WindowTaken, match="Pune East has a window at 06:00 already"):
        add_window(zone, WindowWish(time(6)), now=MORNING)


def test_a_hub_that_moves_to_another_time_zone_takes_its_windows_along(box, zone):
    zone.timezone = "Europe/Amsterdam"
    zone.save()
    assert due.reckon_anew(now=MORNING - HOUR) == 3
    first = DispatchWindow.objects.for_environment(box).get(at=time(6))
    assert first.next_due_at == MORNING + 3.5 * HOUR  # six in Amsterdam, in summer
    assert due.reckon_anew(now=MORNING - HOUR) == 0


def test_a_window_that_is_changed_begins_anew(box, zone):
    window = DispatchWindow.objects.for_environment(box).get(at=time(6))
    change_window(window, WindowWish(time(5, 45), weekdays=(2,), seconds=5, releases=True), now=MORNING)
    assert window.next_due_at == MORNING + DAY - timedelta(minutes=15)


@pytest.mark.django_db(transaction=True)
def test_many_planners_that_look_at_once_make_one_run_of_each_window(customer):
    environment = customer.test
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=environment.pk):
        for number in range(6):
            give_default_windows(a_hub(environment, f"Zone {number}"), now=MORNING - HOUR)
    ready = threading.Barrier(6)
    failed = []

    def look():
        try:
            ready.wait()
            for _ in range(3):
                due.make_runs(now=MORNING)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with scope.scope(unscoped=WHY):
        found = list(PlanRun.objects.unscoped(WHY))
        assert len(found) == 6
        assert len({run.hub_id for run in found}) == 6


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_a_second_run_of_a_window(customer):
    """What stands behind the locks: without them, two who saw the same window due would both write."""
    environment = customer.test
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=environment.pk):
        hub = a_hub(environment, "Zone")
        window = give_default_windows(hub, now=MORNING - HOUR)[0]
    with scope.scope(environment_id=environment.pk):
        for _ in range(2):
            with transaction.atomic():
                due._run(window, MORNING, MORNING)
        assert PlanRun.objects.for_environment(environment).count() == 1
