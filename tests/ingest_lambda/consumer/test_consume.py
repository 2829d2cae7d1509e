"""The core of the consumer on a real database: once, in order, to the unit, whatever one record does."""

import random
import re
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from ingest_lambda import pipeline
from ingest_lambda.batch import Batch, Environment
from ingest_lambda.consume import consume
from ingest_lambda.failures import Final, LaneMoved, Retriable
from ingest_lambda.judgement import Bounds
from ingest_lambda.report import RefusedPosition
from ingest_lambda.steps import crossing_statements, late_statements, statements, use_statements
from ingest_lambda.steps.count_outcomes import Miscounted
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.recognise import recognise
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix

# the databases are only made when a test says that it needs one
pytestmark = pytest.mark.django_db

POISON = (
    '{"a":"\\u0000"}'  # jsonb cannot hold it; the door takes it out, so on the stream it is a poison record
)


def drive(ground, count, *, start_s=0, step_deg=0.0001):
    """Fixes a second apart going east."""
    first = ground.now_us - HOUR + start_s * SECOND
    return [fix(first + i * SECOND, 4.9 + (start_s + i) * step_deg) for i in range(count)]


def test_a_first_fix_registers_its_device_and_stands_on_the_map(ground, store, known, client):
    sent = fix(
        ground.now_us, 4.9, 52.37, accuracy_m=4.9, speed_mps=3.5, battery=0.5, charging=True, extra='{"k": 1}'
    )
    done = consume(ground.stretch([ground.envelope("a", [sent])]), store, known, client, now_us=ground.now_us)
    assert done.ended == {("accepted", ""): 1}
    assert ground.positions("a") == [(ground.now_us, 4.9, 52.37)]
    row = ground.rows(
        """SELECT accuracy_m, altitude_m, battery, charging, activity, extra
        FROM tracker_position WHERE environment_id = %s""",
        ground.environment_id,
    )
    assert row == [(pytest.approx(4.9), None, 0.5, True, None, {"k": 1})]
    assert ground.marker("a") == (ground.now_us, 4.9, 52.37, 0)
    assert ground.rows(
        "SELECT accuracy_m FROM tracker_devicestate WHERE environment_id = %s", ground.environment_id
    ) == [(4.9,)]


def test_the_same_stretch_twice_is_noticed_and_nothing_is_doubled(ground, store, known, client):
    """A worker died after its commit; the next one begins where the dead one had begun."""
    stretch = ground.stretch([ground.envelope("a", drive(ground, 20))])
    consume(stretch, store, known, client, now_us=ground.now_us)
    with pytest.raises(LaneMoved) as moved:
        consume(stretch, store, Known(), client, now_us=ground.now_us)
    assert (moved.value.entry_id, moved.value.entry_index) == stretch.end
    assert ground.outcomes() == {"accepted": 20}


def test_a_batch_sent_again_is_all_duplicates(ground, store, known, client):
    for _ in range(2):
        consume(
            ground.stretch([ground.envelope("a", drive(ground, 20))]),
            store,
            known,
            client,
            now_us=ground.now_us,
        )
    assert ground.outcomes() == {"accepted": 20, "duplicate": 20}
    assert len(ground.positions("a")) == 20


def test_a_fix_twice_in_one_batch_is_stored_once(ground, store, known, client):
    fixes = drive(ground, 3)
    consume(
        ground.stretch([ground.envelope("a", fixes + fixes[:1]), ground.envelope("a", fixes[1:])]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    assert ground.outcomes() == {"accepted": 3, "duplicate": 3}


def test_late_fixes_fill_the_history_and_leave_the_marker(ground, store, known, client):
    fixes = drive(ground, 10)
    consume(ground.stretch([ground.envelope("a", fixes[5:])]), store, known, client, now_us=ground.now_us)
    before = ground.marker("a")
    consume(ground.stretch([ground.envelope("a", fixes[:7])]), store, known, client, now_us=ground.now_us)
    assert ground.marker("a") == before
    assert [row[0] for row in ground.positions("a")] == [one.recorded_at_us for one in fixes]
    assert ground.outcomes() == {"accepted": 10, "duplicate": 2}


def test_a_jump_is_remembered_between_batches_and_believed_the_third_time(ground, store, known, client):
    here = drive(ground, 1)
    far = [fix(here[0].recorded_at_us + (10 + i) * SECOND, 8.0, 50.0) for i in range(3)]
    for expected, one in enumerate([*here, far[0], far[1], far[1]]):
        consume(ground.stretch([ground.envelope("a", [one])]), store, Known(), client, now_us=ground.now_us)
        assert ground.marker("a") == (here[0].recorded_at_us, here[0].longitude, 52.37, min(expected, 2))
    consume(ground.stretch([ground.envelope("a", [far[2]])]), store, known, client, now_us=ground.now_us)
    assert ground.marker("a") == (far[2].recorded_at_us, 8.0, 50.0, 0)
    assert ground.outcomes() == {"accepted": 2, "duplicate": 1, "filtered teleport": 2}
    consume(ground.stretch([ground.envelope("a", [*here, *far])]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 2, "duplicate": 5, "filtered teleport": 2}


def test_every_report_ends_once_whatever_is_wrong_with_it(ground, store, known, client):
    good = drive(ground, 4)
    mixed = [
        *good,
        good[0],
        fix(ground.now_us, accuracy_m=50.1),
        fix(ground.now_us - SECOND, accuracy_m=50.0),
        fix(ground.now_us, 0.0, 0.0),
        fix(ground.now_us - 2 * SECOND, 52.37, 4.9),
        fix(ground.now_us + 6 * 60 * SECOND),
        fix(ground.now_us - 91 * 24 * HOUR),
        fix(-(10**18)),
    ]
    refused = [RefusedPosition(11, "bad_latitude", "latitude 91 is out of range", '{"latitude": 91}')]
    consume(
        ground.stretch([ground.envelope("a", mixed, refused=refused)]),
        store,
        known,
        client,
        now_us=ground.now_us,
    )
    assert ground.outcomes() == {
        "accepted": 5,
        "duplicate": 1,
        "filtered poor_accuracy": 1,
        "filtered zero_island": 1,
        "filtered clock_ahead": 1,
        "filtered swapped_axes": 1,
        "filtered too_old": 1,
        "filtered clock_behind": 1,
        "quarantined bad_latitude": 1,
    }
    kept = ground.rows(
        "SELECT outcome, count(*)::int FROM tracker_setasidereport WHERE environment_id = %s GROUP BY 1",
        ground.environment_id,
    )
    assert dict(kept) == {"filtered": 6, "quarantined": 1}


def test_one_poison_fix_among_two_hundred_costs_one_dead_letter(ground, store, known, client):
    fixes = drive(ground, 200)
    fixes[77] = fix(fixes[77].recorded_at_us, fixes[77].longitude, extra=POISON)
    envelopes = [ground.envelope("a", fixes[i : i + 10]) for i in range(0, 200, 10)]
    stretch = ground.stretch(envelopes)
    done = consume(stretch, store, known, client, now_us=ground.now_us)
    assert done.parked == 1
    assert ground.outcomes() == {"accepted": 199, "quarantined dead_letter": 1}
    assert [row[0] for row in ground.positions("a")] == [
        one.recorded_at_us for n, one in enumerate(fixes) if n != 77
    ]
    assert ground.marker("a")[0] == fixes[-1].recorded_at_us
    assert ground.progress() == stretch.end
    (letter,) = ground.rows(
        "SELECT entry_id, entry_index, request_id, error FROM tracker_deadletter WHERE environment_id = %s",
        ground.environment_id,
    )
    assert letter[:3] == (stretch.end.entry_id, 7, UUID(bytes=envelopes[7].request_id))
    assert "22P05" in letter[3]


def test_bytes_that_are_no_envelope_are_parked_and_the_rest_is_stored(ground, store, known, client):
    done = consume(
        ground.stretch([b"\xc1junk", ground.envelope("a", drive(ground, 2))]),
        store,
        known,
        client,
        now_us=ground.now_us,
    )
    assert done.parked == 1
    assert ground.outcomes() == {"accepted": 2}
    assert ground.rows("SELECT reason, payload FROM tracker_deadletter WHERE environment_id IS NULL") == [
        ("unreadable", b"\xc1junk")
    ]


@pytest.mark.parametrize("step", range(len(pipeline.STEPS)))
def test_a_step_that_breaks_on_one_record_parks_that_one(ground, store, known, client, monkeypatch, step):
    """Whichever step it is: the poison is found by its device's name."""
    steps = list(pipeline.STEPS)
    good = steps[step]

    def breaks(batch: Batch, store: Store, known: Known) -> None:
        good(batch, store, known)
        if any(unit.envelope and unit.envelope.device == "poison" for unit in batch.units):
            raise ValueError("this record breaks the step")

    steps[step] = breaks
    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", tuple(steps))
    names = ["a", "b", "poison", "a", "c"]
    fixes = drive(ground, 5)
    consume(
        ground.stretch([ground.envelope(name, [one]) for name, one in zip(names, fixes, strict=True)]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    assert ground.outcomes() == {"accepted": 4, "quarantined dead_letter": 1}
    assert len(ground.positions("a")) == 2
    assert ground.positions("poison") == []


def test_a_miscount_stores_nothing(ground, store, known, client, monkeypatch):
    blamed = []

    def refuse(*_):
        raise Retriable("stop here")

    def note(error):
        blamed.append(error)
        return Final("counted wrong")

    monkeypatch.setattr("ingest_lambda.consume.classify", note)
    monkeypatch.setattr(Batch, "end", lambda *_: None)
    monkeypatch.setattr("ingest_lambda.consume._apart", refuse)
    with pytest.raises(Retriable):
        consume(
            ground.stretch([ground.envelope("a", drive(ground, 1))]),
            store,
            known,
            client,
            now_us=ground.now_us,
        )
    assert [type(error) for error in blamed] == [Miscounted]
    assert ground.positions("a") == []


def test_a_day_without_partition_holds_the_batch_and_loses_nothing(ground, store, known, client):
    # the settings let it pass, but nobody made that day's partition
    environment = Environment(ground.environment_id, Bounds(50.0, 100.0, 300 * 24 * HOUR))
    known.learn_environments([environment.id], {environment.id: environment}, ground.now_us)
    fixes = [fix(ground.now_us - 200 * 24 * HOUR), *drive(ground, 2)]
    stretch = ground.stretch([ground.envelope("a", fixes)])
    with pytest.raises(Retriable, match="no partition"):
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {}
    assert ground.progress() == stretch.start
    assert (
        ground.rows("SELECT 1 FROM tracker_deadletter WHERE environment_id = %s", ground.environment_id) == []
    )


def test_a_lost_connection_is_retriable(ground, store, known, client, edge_url):
    stretch = ground.stretch([ground.envelope("a", drive(ground, 2))])
    with connect(edge_url) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (store.connection.info.backend_pid,))
    with pytest.raises(Retriable):
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert store.connection.broken or store.connection.closed


def test_a_redis_that_is_away_after_the_commit_costs_nothing_stored(ground, store, known, client, redis_url):
    client.connection_pool.connection_kwargs["path"] = "/nowhere/redis.sock"
    client.connection_pool.disconnect()
    consume(
        ground.stretch([ground.envelope("a", drive(ground, 2))]), store, known, client, now_us=ground.now_us
    )
    assert ground.outcomes() == {"accepted": 2}


def test_two_workers_on_one_lane_store_once(ground, store, known, client, edge_url):
    stretch = ground.stretch([ground.envelope("a", drive(ground, 5))])
    with connect(edge_url) as other:
        rival = Store(other)
        with rival.transaction():
            rival.lock_progress(ground.lane)
            other_pid = other.info.backend_pid
            assert other_pid != store.connection.info.backend_pid
            store.connection.execute("SET lock_timeout = '200ms'")
            with pytest.raises(Retriable, match="55P03"):
                consume(stretch, store, known, client, now_us=ground.now_us)
        consume(stretch, rival, Known(), client, now_us=ground.now_us)
    with pytest.raises(LaneMoved):
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 5}


def test_a_position_stored_by_another_lane_since_we_looked_is_a_duplicate(ground, store, known, client):
    """The number of lanes was changed: two workers hold reports of one device. First the race, then its end."""
    consume(
        ground.stretch([ground.envelope("a", drive(ground, 1))]), store, known, client, now_us=ground.now_us
    )
    fixes = drive(ground, 4)
    ground.change(
        """INSERT INTO tracker_position
            (environment_id, device_id, recorded_at, received_at, stored_at, location, request_id)
        SELECT environment_id, id, to_timestamp(%s), now(), now(), ST_SetSRID(ST_Point(%s, %s), 4326), gen_random_uuid()
        FROM tracker_device WHERE environment_id = %s""",
        *(fixes[2].recorded_at_us / SECOND, fixes[2].longitude, fixes[2].latitude),
        ground.environment_id,
    )
    batch = Batch(ground.lane, ground.stretch([ground.envelope("a", fixes)]).units, ground.now_us)
    with pytest.raises(errors.UniqueViolation), store.transaction():
        pipeline.walk(batch, store, known)
    consume(ground.stretch([ground.envelope("a", fixes)]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 3, "duplicate": 2}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), doubles=st.integers(0, 10), cuts=st.integers(1, 6))
def test_any_order_doubling_and_batching_ends_in_the_same_history_and_marker(
    ground, store, known, client, seed, doubles, cuts
):
    rng = random.Random(seed)
    fixes = drive(ground, 30)
    device = f"shuffled-{seed}-{doubles}-{cuts}"
    sent = fixes + [rng.choice(fixes) for _ in range(doubles)]
    rng.shuffle(sent)
    before = ground.outcomes()
    for part in range(cuts):
        stretch = ground.stretch([ground.envelope(device, sent[part::cuts])])
        consume(stretch, store, known, client, now_us=ground.now_us)
    after = ground.outcomes()
    assert ground.positions(device) == [(one.recorded_at_us, one.longitude, one.latitude) for one in fixes]
    assert ground.marker(device) == (fixes[-1].recorded_at_us, fixes[-1].longitude, 52.37, 0)
    assert after.get("accepted", 0) - before.get("accepted", 0) == 30
    assert after.get("duplicate", 0) - before.get("duplicate", 0) == doubles


def test_the_marker_never_goes_back_whoever_writes_it(ground, store, known, client):
    """Even a worker that believes an older state cannot move it: the statement itself looks."""
    fixes = drive(ground, 3)
    consume(ground.stretch([ground.envelope("a", fixes)]), store, known, client, now_us=ground.now_us)
    batch = Batch(ground.lane, [], ground.now_us)
    older = ground.stretch([ground.envelope("a", fixes[:1])])
    batch.units = older.units
    with store.transaction():
        recognise(batch, store, known)
        (trail,) = batch.trails.values()
        trail.newest, trail.touched = (fixes[0], older.units[0].envelope), True
        store.move_states([trail], ground.now_us)
    assert ground.marker("a")[0] == fixes[-1].recorded_at_us


def test_every_statement_runs_against_the_schema_of_the_migrations(store):
    """PREPARE parses and plans each text with the rights of the edge's role; a renamed column shows here."""
    connection = store.connection
    texts = vars(statements) | vars(late_statements) | vars(crossing_statements) | vars(use_statements)
    for name, text in texts.items():
        if not name.isupper() or name.endswith(("_COLUMNS", "_FACTS")) or name.startswith("_"):
            continue
        if text.lstrip().startswith(("COPY", "CREATE", "SET ")):
            continue
        numbered = re.sub(r"%\((now|first|last)\)s", "now()", text)
        numbered = re.sub(r"%\(\w+\)s|%s", "NULL", numbered)
        with connection.transaction(force_rollback=True):
            try:
                connection.execute("EXPLAIN " + numbered)
            except psycopg.Error as error:
                raise AssertionError(f"{name}: {error}") from error
    for copied in (statements.COPY_POSITIONS, statements.COPY_SET_ASIDE, statements.COPY_STATES):
        with connection.transaction(force_rollback=True), connection.cursor().copy(copied) as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff")
