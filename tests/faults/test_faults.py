"""Things break under load; in the end every fix that was answered 202 ended once and is stored once."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from box.stack import Stack

from tests.e2e.product import new_customer
from tests.e2e.waiting import until
from tests.faults.load import check_books, under_load

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
DATABASE_AWAY_S = 20.0


def consumers(stack: Stack) -> list[str]:
    return [state.name for state in stack.states() if state.name.startswith("consumer-")]


def edges(stack: Stack) -> list[str]:
    return [state.name for state in stack.states() if state.name.startswith("edge")]


def is_back(stack: Stack, name: str, old_pid: int) -> bool:
    """Whether the supervisor started it again."""
    return stack.pid(name) not in {0, old_pid}


def test_consumers_killed_mid_batch_lose_nothing_and_store_nothing_twice(stack, tmp_path):
    with under_load(stack, "killed-consumers", tmp_path, seconds=20) as load:
        for share in (0.1, 0.3, 0.5, 0.7):
            load.wait_stored(int(load.day.count * share))
            killed = _kill_inside_a_transaction(stack)
            _wait_back(stack, killed)
    check_books(stack, load)


def _wait_back(stack: Stack, killed: dict[str, int]) -> None:
    until(lambda: all(is_back(stack, *one) for one in killed.items()), timeout_s=30)


def _kill_inside_a_transaction(stack: Stack) -> dict[str, int]:
    """Hold a table until a consumer stands before it with its batch half written, then kill -9 all consumers."""
    with psycopg.connect(stack.database_url("owner")) as holder, holder.transaction():
        holder.execute("LOCK TABLE tracker_outcomecount IN EXCLUSIVE MODE")
        until(lambda: _waiting(stack) > 0, timeout_s=30, says="a consumer waits inside its transaction")
        return {name: stack.kill(name, signal.SIGKILL) for name in consumers(stack)}


def _waiting(stack: Stack) -> int:
    query = (
        "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
        "WHERE c.relname = 'tracker_outcomecount' AND NOT l.granted"
    )
    with psycopg.connect(stack.database_url("owner")) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def test_one_consumer_killed_hands_its_lanes_to_the_other(stack, tmp_path):
    with under_load(stack, "one-consumer", tmp_path, seconds=10) as load:
        load.wait_stored(300)
        name = consumers(stack)[0]
        stack.kill(name, signal.SIGKILL)
        load.wait_stored(int(load.day.count * 0.6))
    check_books(stack, load)


def test_a_database_away_for_20_seconds_costs_nothing_and_the_door_stays_open(stack, tmp_path):
    bystander = new_customer(stack, "bystander")
    since = datetime.now(UTC).replace(microsecond=0)
    with under_load(stack, "no-database", tmp_path, seconds=35) as load:
        load.wait_stored(200)
        stack.stop("postgres")
        gone_since, slowest_s, sent = time.monotonic(), 0.0, 0
        try:
            while time.monotonic() - gone_since < DATABASE_AWAY_S:
                begun = time.monotonic()
                assert bystander.post("phone", here_and_now()).status == 202
                slowest_s = max(slowest_s, time.monotonic() - begun)
                sent += 1
        finally:
            stack.start("postgres")
        assert slowest_s < 5
    stack.wait_healthy()
    check_books(stack, load)
    assert bystander.outcomes(since)["accepted"] == sent


def here_and_now() -> list[dict]:
    return [{"recorded_at": datetime.now(UTC).isoformat(), "latitude": 52.0, "longitude": 4.9}]


def test_a_restart_of_redis_loses_nothing_that_was_answered(stack, tmp_path):
    with under_load(stack, "redis-restart", tmp_path, seconds=15) as load:
        load.wait_for(1000)
        stack.restart("redis")
        load.wait_for(int(load.day.count * 0.6))
        stack.restart("redis")
    stack.wait_healthy()
    check_books(stack, load)


def test_a_killed_redis_loses_nothing_that_was_answered(stack, tmp_path):
    with under_load(stack, "redis-killed", tmp_path, seconds=15) as load:
        load.wait_for(1500)
        pid = stack.kill("redis", signal.SIGKILL)
        until(lambda: is_back(stack, "redis", pid), timeout_s=30)
    stack.wait_healthy()
    check_books(stack, load)


def test_a_killed_edge_worker_costs_its_phones_one_more_try(stack, tmp_path):
    with under_load(stack, "killed-edge", tmp_path, seconds=12) as load:
        for share in (0.2, 0.5):
            load.wait_for(int(load.day.count * share))
            killed = _kill_door_workers(stack)
            _wait_gone(killed)
            until(stack.healthy, timeout_s=40, says="the edge is whole again")
    check_books(stack, load)


def _kill_door_workers(stack: Stack) -> list[int]:
    """The processes that answer: one of them where there are several programs, or one child of the only one."""
    parent = stack.pid(edges(stack)[0])
    workers = _children(parent) or [parent]
    os.kill(workers[0], signal.SIGKILL)
    return workers[:1]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split() if b"resource_tracker" not in _command(int(child))]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _wait_gone(pids: list[int]) -> None:
    until(lambda: not any(map(_alive, pids)))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
