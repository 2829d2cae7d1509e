"""The planner killed with kill -9 wherever it may be: every run ends, once, and the last plan stays until then."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from box.place import PROJECT

from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.planning.models import PlanRun
from tests.dispatch.planning.town import Town, a_town
from tests.faults.test_relay import environment, locked, waits_for
from tests.morning import morning_zone
from tests.tracker.conftest import Customer, _customer
from tracker.tenants import scope

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
WHY = "a test looks at all"


@pytest.fixture
def ours(settings, db) -> Customer:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return _customer("ours")


@contextlib.contextmanager
def inside(ours: Customer) -> Iterator[None]:
    with scope.scope(tenant_id=ours.tenant.pk, environment_id=ours.test.pk):
        yield


class Planner:
    """`manage.py planner`; `kill` it as often as you like, `start` gives the next one."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "planner"],
            cwd=PROJECT,
            env=environment() | {"MILEPOST_MANIFEST_BROKER": "none"},
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def solvers(self) -> list[int]:
        """Solving processes it started."""
        assert self.process is not None
        found = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/task/{task}/children") as file:
                found += [int(pid) for pid in file.read().split()]
        return found


@pytest.fixture
def planner() -> Iterator[Planner]:
    one = Planner()
    yield one
    one.kill()


def until(look: Callable[[], Any], *, timeout_s: float = 60.0) -> Any:
    ends = time.monotonic() + timeout_s
    while not (seen := look()):
        assert time.monotonic() < ends, f"not within {timeout_s} s; last seen: {seen!r}"
        time.sleep(0.05)
    return seen


def run_now(run: PlanRun) -> PlanRun:
    with scope.scope(unscoped=WHY):
        return PlanRun.objects.unscoped(WHY).get(pk=run.pk)


def drafts(ours: Customer) -> dict[int, list[int]]:
    """Parcels by draft, in order."""
    with inside(ours):
        found: dict[int, list[int]] = {}
        rows = ManifestStop.objects.for_environment(ours.test).filter(manifest__state=Manifest.State.DRAFT)
        for manifest, shipment in rows.order_by("place").values_list("manifest_id", "shipment_id"):
            found.setdefault(manifest, []).append(shipment)
        return found


def end_leases() -> None:
    """Let the half minute pass for which a dead planner's run is its own."""
    with scope.scope(unscoped=WHY):
        rows = PlanRun.objects.unscoped(WHY).filter(state=PlanRun.State.RUNNING)
        for row in rows:
            PlanRun.objects.unscoped(WHY).filter(pk=row.pk).update(lease_until=row.started_at)


def test_killed_while_it_searches_the_run_begins_anew_and_no_solver_is_left(ours, planner):
    with inside(ours):
        town = awake(ours)
        run = town.ask(seconds=30)
    planner.start()
    [solver] = until(planner.solvers)
    until(lambda: run_now(run).progress)
    planner.kill()

    until(lambda: not os.path.exists(f"/proc/{solver}"))
    assert run_now(run).state == "running"
    assert drafts(ours) == {}
    end_leases()
    with inside(ours):
        PlanRun.objects.for_environment(ours.test).update(seconds=1)
    planner.start()
    until(lambda: run_now(run).state == "done")
    assert run_now(run).tries == 2
    assert sorted(s for order in drafts(ours).values() for s in order) == sorted(town.shipments)


def test_killed_while_it_writes_the_plan_the_last_plan_stays_until_the_next_is_whole(ours, planner):
    with inside(ours):
        town = awake(ours)
        run = town.ask(seconds=1)
    planner.start()
    until(lambda: run_now(run).state == "done")
    before = drafts(ours)
    with inside(ours):
        town.parcels(3, seed=7)
        again = town.ask(seconds=1)
    with locked("LOCK TABLE dispatch_manifeststop IN EXCLUSIVE MODE"):
        until(lambda: waits_for("dispatch_manifeststop"))
        planner.kill()
    assert drafts(ours) == before
    assert run_now(again).state == "running"
    end_leases()
    planner.start()
    until(lambda: run_now(again).state == "done")
    assert sorted(s for order in drafts(ours).values() for s in order) == sorted(town.shipments)


def test_a_planner_that_is_told_to_end_hands_its_run_back(ours, planner):
    with inside(ours):
        run = awake(ours).ask(seconds=60)
    planner.start()
    until(lambda: run_now(run).progress)
    planner.process.send_signal(signal.SIGTERM)
    assert planner.process.wait(timeout=20) == 0
    row = run_now(run)
    assert (row.state, row.tries) == ("waiting", 0)


def test_a_solver_that_is_killed_twice_fails_the_run_and_says_so(ours, planner):
    with inside(ours):
        run = awake(ours).ask(seconds=60)
    planner.start()

    def failed() -> PlanRun | None:
        for solver in planner.solvers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(solver, signal.SIGKILL)
        found = run_now(run)
        return found if found.state == "failed" else None

    row = until(failed, timeout_s=180.0)
    assert row.failure == "The solver was ended by signal 9. It was tried 2 times."


def awake(ours: Customer) -> Town:
    """A town at the present time, which is morning there: its drivers have the day before them at any hour of ours."""
    town = a_town(ours.test, shift=("00:00", "23:59"))
    town.now = datetime.now(UTC)
    town.hub.timezone = morning_zone(town.now)
    town.hub.save()
    town.parcels(12)
    return town
