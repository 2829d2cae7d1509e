"""A crash at any statement of any step, or at any commit, leaves the end the same: everything once, nothing missing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from dispatch.sagas import engine
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.commands import Assign, Cancel, StartDelivery
from tests.dispatch.sagas.killing import killed_at
from tests.dispatch.sagas.world import HOUR, MINUTE, WHY, World, a_world
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.tenants.models import Role

PROJECT = Path(__file__).resolve().parents[3]


def work(world: World) -> None:
    """One round of the processes: hand on what happened, take the steps that are due."""
    relay_batch(now=world.now)
    engine.tick(now=world.now)


def how_far(world: World) -> str:
    """Changes with everything that a run keeps."""
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT md5(concat(
                (SELECT string_agg(concat(id, step, state, due_at, data), '|' ORDER BY id) FROM dispatch_saga),
                (SELECT count(*) FROM dispatch_sagastep), (SELECT count(*) FROM dispatch_shipmentevent),
                (SELECT count(*) FROM tracker_outboxevent WHERE relayed_at IS NOT NULL)))"""
        )
        return str(cursor.fetchone()[0])


def die_everywhere(world: World) -> int:
    """Do the work of this moment, and die at its every statement and commit, each time a little later.

    Where something was kept before the death, what is left of the work begins anew and is died in from its beginning.
    How many died before somebody came through.
    """
    deaths = number = 0
    while True:
        before = how_far(world)
        with killed_at(number) as counter:
            work(world)
        if not counter.struck:
            return deaths
        deaths += 1
        number = number + 1 if how_far(world) == before else 0


def in_peace(world: World) -> int:
    """The same with nobody dying."""
    work(world)
    return 0


def send_out(world: World) -> None:
    """It goes out once more."""
    manifest, driver = world.round.manifest, world.round.driver
    world.do(1, Assign(manifest=manifest.public_id, version=2, driver=driver.public_id))
    world.do(1, StartDelivery())


def story(world: World, live: Callable[[World], int]) -> list[int]:
    """From the first failure to the second, the escalation and the cancellation; how many died in each part."""
    world.begin()
    work(world)
    died = []
    world.fail(1)
    died.append(live(world))  # begun, the customer told
    world.now += 2 * HOUR
    died.append(live(world))  # the next attempt allowed, a plan asked for
    send_out(world)
    world.fail(1)
    died.append(live(world))  # the second failure noted, the customer told
    world.now += 4 * HOUR
    died.append(live(world))  # escalated, the customer told
    world.do(1, Cancel(reason="not wanted any more"))
    world.now += MINUTE
    died.append(live(world))  # taken back
    return died


@pytest.mark.django_db(transaction=True)
def test_whichever_statement_is_the_last_the_end_is_the_same(customer, rival):
    pictures = []
    for whose, live in ((customer, in_peace), (rival, die_everywhere)):
        whose.member(Role.SUPERVISOR)
        world = a_world(whose.test, 1)
        died = story(world, live)
        pictures.append(world.picture())
    assert [step for *_, step, _, _ in pictures[0]["steps"]].count("end") == 1
    assert pictures[1] == pictures[0]
    assert min(died) > 25, "there were statements and commits to die at in every part"


DIE = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from django.db import connection
from dispatch.sagas import engine
left = int(sys.argv[2])
def count(execute, sql, params, many, context):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return execute(sql, params, many, context)
with connection.execute_wrapper(count):
    engine.tick(now=datetime.fromisoformat(sys.argv[1]))
print("alive")
"""


def tick_and_die(world: World, number: int) -> bool:
    """A tick in a process of its own that is killed for good at its n-th statement; whether it was."""
    facts = connection.settings_dict
    address = f"postgresql://{facts['USER']}:{facts['PASSWORD']}@/{facts['NAME']}"
    url = f"{address}?host={facts['HOST']}&port={facts['PORT']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MILEPOST_DATABASE_URL": url,
    }
    command = [sys.executable, "-c", DIE, world.now.isoformat(), str(number)]
    ended = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode in {0, -9}, ended.stderr
    return ended.returncode == -9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [4, 12, 24, 10_000])
def test_a_process_that_is_killed_leaves_a_step_taken_or_not(customer, number):
    customer.member(Role.SUPERVISOR)
    world = a_world(customer.test, 1)
    world.begin()
    world.fail(1)
    world.run()
    world.now += 2 * HOUR
    killed = tick_and_die(world, number)
    assert killed == (number < 10_000)
    with scope.scope(unscoped=WHY):
        saga = Saga.objects.unscoped(WHY).get()
        steps = list(SagaStep.objects.unscoped(WHY).order_by("number").values_list("name", flat=True))
    with world.open():
        state = world.round.state(1).state
    before = (saga.step, steps, state) == ("allow_attempt", ["tell_failed"], "failed")
    behind = (saga.step, steps, state) == ("await_attempt", ["tell_failed", "allow_attempt"], "ready")
    assert behind if not killed else before
    world.run()
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]
    with world.open():
        assert world.round.state(1).state == "ready"
