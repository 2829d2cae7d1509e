"""Private services: they come up, hold their state over a kill, and are gone when whoever wanted them is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from box.place import PROJECT
from box.throwaway import Throwaway


def eventually(holds: Callable[[], bool], within_s: float = 30) -> bool:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def services() -> Iterator[Throwaway]:
    with Throwaway(services_only=("mosquitto",), durable=True) as running:
        yield running


def test_the_roles_are_no_superusers_and_need_their_passwords(services: Throwaway) -> None:
    with psycopg.connect(services.database_url("app")) as connection:
        row = connection.execute(
            "SELECT bool_or(rolsuper OR rolbypassrls), count(*) FROM pg_roles WHERE rolname LIKE 'milepost%'"
        ).fetchone()
    assert row == (False, 3)
    wrong = services.database_url("app").replace(services.settings["MILEPOST_APP_PASSWORD"], "guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_no_database_listens_on_the_network(services: Throwaway) -> None:
    with psycopg.connect(services.database_url("app")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_killed_service_comes_back_by_itself(services: Throwaway) -> None:
    before = services.kill("redis")
    assert eventually(lambda: services.pid("redis") not in {0, before})


def test_a_stopped_service_stays_stopped_until_it_is_started(services: Throwaway) -> None:
    services.stop("postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(services.database_url("app"))
    services.start("postgres")
    psycopg.connect(services.database_url("app")).close()


def test_a_second_start_changes_nothing(services: Throwaway) -> None:
    before = {state.name: state.pid for state in services.states()}
    services.up()
    assert {state.name: state.pid for state in services.states()} == before


def test_nothing_is_left_when_the_one_who_wanted_them_is_killed() -> None:
    script = (
        "import sys, time; from box.throwaway import Throwaway\n"
        "stack = Throwaway(services_only=()); stack.up()\n"
        "print(stack.place.state, *[state.pid for state in stack.states()], flush=True); time.sleep(300)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "bin")},
    )
    assert owner.stdout is not None
    folder, *pids = owner.stdout.readline().split()
    assert len(pids) == 2
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert eventually(
        lambda: not Path(folder).exists() and not any(Path(f"/proc/{pid}").exists() for pid in pids)
    )
