"""Failures that pass: the batch is held whole, nothing of it is lost, parked or stored twice."""

import threading
import time
from contextlib import suppress

import psycopg
import pytest
import redis
from psycopg import errors

from ingest_lambda import pipeline
from ingest_lambda.consume import consume
from ingest_lambda.failures import LaneMoved, Retriable, Storm
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.books import assert_books_balance, fixes_in
from tests.ingest_lambda.consumer.test_poison import everybody, letters, sent
from tests.ingest_lambda.consumer.test_worker import put, run, settings_of, until  # noqa: F401 fixtures

pytestmark = pytest.mark.django_db
STEPS = [step.__name__ for step in pipeline.STEPS]
PASSING = [
    errors.AdminShutdown("terminating connection due to administrator command"),
    errors.CannotConnectNow("the database system is starting up"),
    errors.ConnectionFailure("the line is dead"),
    errors.DeadlockDetected("deadlock detected"),
    errors.DiskFull("could not extend file"),
    errors.InsufficientPrivilege("permission denied for table tracker_position"),
    errors.LockNotAvailable("canceling statement due to lock timeout"),
    errors.OutOfMemory("out of memory"),
    errors.QueryCanceled("canceling statement due to statement timeout"),
    errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"),
    errors.SerializationFailure("could not serialize access"),
    errors.TooManyConnections("sorry, too many clients already"),
    errors.UndefinedColumn("column moved_at does not exist"),
    psycopg.OperationalError("server closed the connection unexpectedly"),
    redis.ConnectionError("Redis is away"),
    BrokenPipeError("Broken pipe"),
    MemoryError(),
]


def batch_of(ground):
    """Two devices taking turns, and a third in the middle."""
    batch = [sent(ground, f"v{n % 2}", n, fixes=2) for n in range(0, 20, 2)]
    return [*batch[:5], sent(ground, "third", 0), *batch[5:]]


def untouched(ground, stretch):
    assert ground.outcomes() == {}
    assert letters(ground) == []
    assert ground.progress() == stretch.start
    assert ground.rows(
        "SELECT count(*)::int FROM tracker_position WHERE environment_id = %s", ground.environment_id
    ) == [(0,)]


def breaks_once(monkeypatch, name, break_it):
    """Let a step do its work for a whole batch and then meet a failure, the first time only."""
    steps, met = list(pipeline.STEPS), list[str]()
    at = STEPS.index(name)
    good = steps[at]

    def step(batch, store, known):
        good(batch, store, known)
        if not met:
            met.append(name)
            break_it(store)

    step.__name__ = name
    steps[at] = step
    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", tuple(steps))


@pytest.mark.parametrize("step", STEPS)
def test_whatever_passes_holds_the_batch_at_whichever_step_it_strikes(
    ground, store, known, client, monkeypatch, step
):
    envelopes = batch_of(ground)
    stretch = ground.stretch(envelopes)
    for failure in PASSING:

        def break_it(store, failure=failure):
            raise failure

        with monkeypatch.context() as broken:
            breaks_once(broken, step, break_it)
            with pytest.raises(Retriable) as held:
                consume(stretch, store, known, client, now_us=ground.now_us)
        assert not isinstance(held.value, Storm), failure
        untouched(ground, stretch)
    consume(stretch, store, known, client, now_us=ground.now_us)
    assert assert_books_balance(ground.owner, fixes_in(envelopes), ground.environment_id) == {"accepted": 21}


@pytest.mark.parametrize("step", STEPS)
def test_a_database_that_restarts_in_the_middle_of_a_batch(
    ground, store, known, client, monkeypatch, edge_url, step
):
    """A restart ends every session; the batch half written goes with it."""
    envelopes = batch_of(ground)
    stretch = ground.stretch(envelopes)

    # a session may be ended by one of the same role
    with monkeypatch.context() as broken, connect(edge_url) as other:
        pid = store.connection.info.backend_pid

        def end(store):
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            store.connection.execute("SELECT 1")

        breaks_once(broken, step, end)
        with pytest.raises(Retriable):
            consume(stretch, store, known, client, now_us=ground.now_us)
    untouched(ground, stretch)
    with connect(edge_url) as again:
        consume(stretch, Store(again), Known(), client, now_us=ground.now_us)
    assert_books_balance(ground.owner, fixes_in(envelopes), ground.environment_id)


def test_a_commit_whose_answer_is_lost_is_found_to_be_done(ground, store, known, client, monkeypatch):
    """The worst moment: the database has it, and the consumer cannot know."""
    envelopes = batch_of(ground)
    stretch = ground.stretch(envelopes)
    move_on = Store.save_progress

    def save_and_commit(self, *place):
        move_on(self, *place)
        self.connection.execute("COMMIT")
        raise psycopg.OperationalError("the connection broke while the commit was answered")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "save_progress", save_and_commit)
        with pytest.raises(Retriable):
            consume(stretch, store, known, client, now_us=ground.now_us)
    with pytest.raises(LaneMoved) as moved:
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert (moved.value.entry_id, moved.value.entry_index) == stretch.end
    assert_books_balance(ground.owner, fixes_in(envelopes), ground.environment_id)


def test_a_statement_that_takes_too_long_holds_the_batch(ground, store, known, client, monkeypatch):
    envelopes = batch_of(ground)
    stretch = ground.stretch(envelopes)
    store.connection.execute("SET statement_timeout = '100ms'")
    with monkeypatch.context() as broken:
        breaks_once(broken, "store_positions", lambda store: store.connection.execute("SELECT pg_sleep(30)"))
        with pytest.raises(Retriable, match="57014"):
            consume(stretch, store, known, client, now_us=ground.now_us)
    untouched(ground, stretch)
    store.connection.execute("SET statement_timeout = '60s'")
    consume(stretch, store, known, client, now_us=ground.now_us)
    assert_books_balance(ground.owner, fixes_in(envelopes), ground.environment_id)


def test_a_deadlock_holds_the_batch_and_it_goes_through_afterwards(ground, store, known, client, edge_url):
    """A real one: somebody holds what the batch wants last, and then wants what the batch holds.

    The consumer has waited longer, so its look for deadlocks comes first and it gives way. Not always on a
    machine so busy that the two looks change places: then the other gave way, and it is tried again.
    """
    consume(ground.stretch([sent(ground, "v0", 0)]), store, known, client, now_us=ground.now_us)
    for n in range(1, 6):
        stretch = ground.stretch([sent(ground, "v0", 5 * n), sent(ground, "v1", 5 * n)])
        before = ground.outcomes()
        refusal = deadlocked(ground, stretch, store, known, client, edge_url)
        if refusal is not None:
            break
        assert ground.outcomes() == {"accepted": before["accepted"] + 2}
    assert refusal is not None
    assert "40P01" in str(refusal)
    assert ground.outcomes() == before
    consume(stretch, store, known, client, now_us=ground.now_us)
    assert_books_balance(ground.owner, 1 + 2 * n, ground.environment_id)


def deadlocked(ground, stretch, store, known, client, edge_url):
    """What the consumer says of its deadlock; None where the other was the one to give way."""
    met = []

    def work():
        try:
            consume(stretch, store, known, client, now_us=ground.now_us)
        except Retriable as error:
            met.append(error)

    consumer = threading.Thread(target=work)
    with psycopg.connect(edge_url, autocommit=True) as other:
        with suppress(errors.DeadlockDetected), other.transaction():
            other.execute("LOCK TABLE tracker_outcomecount IN SHARE MODE")
            consumer.start()
            until(lambda: waits(ground, store.connection.info.backend_pid))
            other.execute("SELECT 1 FROM tracker_devicestate FOR UPDATE")
            consumer.join(30)
        consumer.join(30)
    assert not consumer.is_alive()
    return met[0] if met else None


def waits(ground, pid):
    return ground.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", pid)


def test_a_redis_that_restarts_between_reading_and_the_next_reading(
    ground,
    redis_process,
    run,  # noqa: F811
):
    """The worker's own Redis goes away in the middle of the stream and comes back with its entries."""
    client = redis.Redis.from_url(redis_process.url)
    before = everybody(ground, devices=6, fixes=20)
    put(client, ground, before[:60], together=3)
    run(redis_url=redis_process.url)
    until(lambda: ground.outcomes().get("accepted", 0) > 0)
    put(client, ground, before[60:], together=3)
    redis_process.stop()
    away_since = time.monotonic()
    until(lambda: time.monotonic() - away_since > 0.5)
    redis_process.start()
    until(lambda: ground.outcomes() == {"accepted": 120}, 40)
    assert_books_balance(ground.owner, 120, ground.environment_id)


def test_a_day_without_partition_in_the_middle_of_a_batch_holds_it_until_the_day_is_made(
    ground, store, known, client
):
    """The hourly tick was away: a lane waits, and goes on where it stood when the day is there."""
    envelopes = batch_of(ground)
    stretch = ground.stretch(envelopes)
    with no_partition_for(ground, envelopes):
        for _ in range(2):
            with pytest.raises(Retriable, match="no partition"):
                consume(stretch, store, known, client, now_us=ground.now_us)
        untouched(ground, stretch)
    consume(stretch, store, known, client, now_us=ground.now_us)
    assert_books_balance(ground.owner, fixes_in(envelopes), ground.environment_id)


class no_partition_for:  # noqa: N801 reads as a sentence
    """Take the partition of the middle envelope's day away, and give it back."""

    def __init__(self, ground, envelopes):
        self._ground = ground
        [(self._name, self._bounds)] = ground.rows(
            """SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
            WHERE c.relname = 'tracker_position_' || to_char(to_timestamp(%s) AT TIME ZONE 'UTC', 'YYYYMMDD')""",
            envelopes[5].positions[0].recorded_at_us / 1e6,
        )

    def __enter__(self):
        self._ground.change(f"ALTER TABLE tracker_position DETACH PARTITION {self._name}")

    def __exit__(self, *_):
        self._ground.change(f"ALTER TABLE tracker_position ATTACH PARTITION {self._name} {self._bounds}")
