"""Phones that go on reporting while something breaks, and the books that must balance afterwards."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import redis
from box.stack import Stack

from tests.e2e.fleet_days import MADE_UP, Day, moved_day
from tests.e2e.product import Customer, new_customer
from tests.e2e.waiting import until
from tracker.replay.posting import Address, Tally
from tracker.replay.reading import read
from tracker.replay.sending import Sender
from tracker.replay.shifting import plan
from tracker.replay.table import Reading

BATCH = 3
STORED = """
    SELECT d.external_id, p.recorded_at, count(*)
    FROM tracker_position p JOIN tracker_device d ON d.id = p.device_id
    WHERE p.environment_id = %(environment)s AND d.environment_id = %(environment)s GROUP BY 1, 2
"""
COUNTED = (
    "SELECT outcome, reason, sum(count) FROM tracker_outcomecount WHERE environment_id = %s GROUP BY 1, 2"
)


@dataclass
class Load:
    """The made-up fleet day on its way in. `tally` is what the phones were told."""

    customer: Customer
    day: Day
    since: datetime
    tally: Tally = field(default_factory=Tally)
    stop: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, fixes: int) -> None:
        """Until that many were answered 202: then the load is truly under way."""
        until(lambda: self.tally.accepted >= fixes, timeout_s=60, says=f"{fixes} fixes answered 202")

    def received(self) -> int:
        """How many have ended, by the API."""
        return int(self.customer.outcomes(self.since)["received"])

    def wait_stored(self, fixes: int) -> None:
        """Until that many have ended."""
        until(lambda: self.received() >= fixes, timeout_s=60, says=f"{fixes} fixes ended")


@contextmanager
def under_load(stack: Stack, name: str, folder: Path, *, seconds: float) -> Iterator[Load]:
    """The fleet day sent within about `seconds`, in small batches; leaves when every fix was answered 202."""
    customer = new_customer(stack, name)
    day = moved_day(MADE_UP, folder / "day.csv.gz")
    fixes = read(day.path, Reading()).fixes
    schedule = plan(fixes, now_us=0, speed=1.0, own_times=True)
    schedule = plan(fixes, now_us=0, speed=max(1.0, schedule.lasts_s / seconds), own_times=True)
    load = Load(customer, day, datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1))
    address = Address(stack.base_url, customer.publishable_key)
    sender = Sender(address, schedule, load.tally, load.stop, BATCH, connections=8)
    failures: list[BaseException] = []
    thread = threading.Thread(target=_send, args=(sender, fixes, failures))
    thread.start()
    try:
        yield load
        thread.join(240)
        assert not thread.is_alive(), "the phones are still waiting for answers"
    finally:
        load.stop.set()
        thread.join()
    assert failures == []
    assert load.tally.accepted == day.count


def _send(sender: Sender, fixes: list, failures: list[BaseException]) -> None:
    try:
        sender.send(fixes)
    except BaseException as failure:
        failures.append(failure)


def check_books(stack: Stack, load: Load) -> None:
    """Every fix answered 202 ended once, each distinct one is stored once: by the API, and by SQL behind it.

    A phone whose connection broke before the answer sends its batch again, and so does one that was told 503 by
    the front because the door died in between. The door may have taken it both times, so that many more fixes may
    have come in than were answered; they end as duplicates.
    """
    least, most = load.day.count, load.day.count + load.tally.unanswered + load.tally.retries * BATCH
    until(lambda: load.received() >= least, timeout_s=120, says="every fix answered 202 ended")
    until(lambda: _lag(stack) == 0, timeout_s=60, says="the stream is read to its end")
    counts = load.customer.outcomes(load.since)
    assert least <= counts["received"] <= most
    expected = Counter(seen.expect for rows in load.day.rows.values() for seen in rows)
    accepted, duplicate = expected.pop("accepted"), expected.pop("duplicate")
    assert counts["accepted"] == accepted
    assert set(counts["filtered"]) == set(expected)
    surplus = counts["received"] - least
    again = sum(counts["filtered"].values()) - sum(expected.values())
    assert 0 <= again <= surplus
    assert counts["duplicate"] == duplicate + surplus - again
    assert counts["quarantined"] == {}
    _check_tables(stack, load, counts)


def _check_tables(stack: Stack, load: Load, counts: dict) -> None:
    """The same from the tables themselves: what the API says is no better than what lies there."""
    true = {
        (vehicle, seen.at): 1
        for vehicle, rows in load.day.rows.items()
        for seen in rows
        if seen.expect == "accepted"
    }
    with psycopg.connect(stack.database_url("owner")) as connection:
        environment = _environment_id(connection, load.customer)
        found = connection.execute(STORED, {"environment": environment}).fetchall()
        assert {(vehicle, at): times for vehicle, at, times in found} == true
        rows = connection.execute(COUNTED, [environment]).fetchall()
        assert sum(count for _, _, count in rows) == counts["received"]
        assert sum(count for outcome, _, count in rows if outcome == "accepted") == len(true)
        dead = connection.execute("SELECT count(*) FROM tracker_deadletter").fetchone()
        assert dead == (0,), "a fault of ours must not look like a fault of the record"


def _environment_id(connection: psycopg.Connection, customer: Customer) -> int:
    uid = customer.environment_id.removeprefix("env_")
    [row] = connection.execute("SELECT id FROM tracker_environment WHERE uid = %s::uuid", [uid]).fetchall()
    return int(row[0])


def _lag(stack: Stack) -> int:
    """Entries on the stream behind what the consumers have committed."""
    client = redis_of(stack)
    behind = 0
    with psycopg.connect(stack.database_url("owner")) as connection:
        rows = connection.execute("SELECT lane, entry_id FROM tracker_streamprogress").fetchall()
        done: dict[str, str] = dict(rows)
    for lane in client.scan_iter("loc:*", _type="stream"):
        newest = client.xrevrange(lane, count=1)
        name = lane.decode()
        if newest and _order(newest[0][0].decode()) > _order(done.get(name, "0-0")):
            behind += 1
    return behind


def redis_of(stack: Stack):
    """A client of the stack's stream."""
    return redis.Redis.from_url(stack.settings["MILEPOST_REDIS_URL"])


def _order(entry_id: str) -> tuple[int, ...]:
    return tuple(map(int, entry_id.split("-")))
