"""Poison: a record that breaks a step, any step, costs one dead letter; a step that breaks for all holds the lane."""

import json
import logging
from uuid import UUID

import msgspec
import pytest

from ingest_lambda import pipeline
from ingest_lambda.consume import consume
from ingest_lambda.failures import Retriable, Storm
from ingest_lambda.report import decode, encode, request_id_text
from ingest_lambda.steps import announce
from ingest_lambda.steps.known import Known
from ingest_lambda.storm import LEAST_FAILED, WINDOW, StormGuard
from tests.ingest_lambda.books import assert_books_balance, fixes_in
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, Ground, fix

pytestmark = pytest.mark.django_db
STEPS = [step.__name__ for step in pipeline.STEPS]


def sent(ground, device, second, fixes=1):
    """An envelope of a device that drives east, its fixes a second apart from `second` on."""
    first = ground.now_us - HOUR + second * SECOND
    return ground.envelope(device, [fix(first + n * SECOND, 4.9 + (second + n) * 1e-4) for n in range(fixes)])


def breaking(monkeypatch, name, breaks, *, before=False):
    """Let a step raise for a batch that holds a unit for which `breaks(unit)` is true."""
    steps = list(pipeline.STEPS)
    at = [step.__name__ for step in steps].index(name)
    good = steps[at]

    def step(batch, store, known):
        hit = any(breaks(unit) for unit in batch.units)
        if hit and before:
            raise ValueError("this record breaks the step")
        good(batch, store, known)
        if hit:
            raise ValueError("this record breaks the step")

    step.__name__ = name
    steps[at] = step
    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", tuple(steps))


def holds(envelope):
    """Whether a unit is, or is a part of, that envelope."""
    return lambda unit: unit.envelope is not None and unit.envelope.request_id == envelope.request_id


def letters(ground):
    return ground.rows(
        """SELECT reason, error, payload, request_id, fixes, environment_id, lane, entry_id, entry_index
        FROM tracker_deadletter WHERE environment_id = %s ORDER BY id""",
        ground.environment_id,
    )


@pytest.mark.parametrize("before", [True, False], ids=["at-its-beginning", "at-its-end"])
@pytest.mark.parametrize("step", STEPS)
def test_whichever_step_a_record_breaks_it_alone_is_parked(
    ground, store, known, client, monkeypatch, step, before
):
    """In the middle of a batch, with other devices about it and its own device before and behind it."""
    poison = sent(ground, "van", 20)
    batch = [
        *(sent(ground, "other", second) for second in range(5)),
        *(sent(ground, "van", second) for second in range(10, 15)),
        sent(ground, "third", 0, fixes=3),
        poison,
        *(sent(ground, "van", second) for second in range(30, 33)),
        sent(ground, "other", 40),
    ]
    breaking(monkeypatch, step, holds(poison), before=before)
    stretch = ground.stretch(batch)
    done = consume(stretch, store, known, client, now_us=ground.now_us)
    assert done.parked == 1
    [(reason, error, payload, request, fixes, environment, lane, entry, index)] = letters(ground)
    assert (reason, error) == (f"{step}: ValueError", "ValueError: this record breaks the step")
    assert decode(payload) == poison
    assert (request, fixes, environment) == (UUID(bytes=poison.request_id), 1, ground.environment_id)
    assert (lane, entry, index) == (ground.lane, stretch.end.entry_id, batch.index(poison))
    assert_books_balance(ground.owner, fixes_in(batch), ground.environment_id)
    for device in ("van", "other", "third"):
        kept = [one for e in batch if e.device == device and e is not poison for one in e.positions]
        assert [row[0] for row in ground.positions(device)] == [one.recorded_at_us for one in kept]
        assert ground.marker(device)[0] == kept[-1].recorded_at_us
    assert ground.progress() == stretch.end


@pytest.mark.parametrize("step", STEPS)
def test_a_record_of_many_fixes_is_parked_in_pieces_that_stand_for_all_of_them(
    ground, store, known, client, monkeypatch, step
):
    poison = sent(ground, "van", 20, fixes=7)
    batch = [sent(ground, "van", 0, fixes=5), poison, sent(ground, "other", 0)]
    breaking(monkeypatch, step, holds(poison))
    consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
    found = letters(ground)
    assert sum(row[4] for row in found) == 7
    assert {row[3] for row in found} == {UUID(bytes=poison.request_id)}
    assert assert_books_balance(ground.owner, 13, ground.environment_id)["accepted"] == 6


def test_what_breaks_in_telling_the_maps_is_stored_and_the_others_are_told(
    ground, store, known, client, monkeypatch, caplog
):
    """Behind the commit nothing may be parked any more: the report has its ending."""
    good = announce._moved

    def breaks(trail):
        if trail.external_id == "van":
            raise ValueError("this one cannot be told")
        return good(trail)

    monkeypatch.setattr(announce, "_moved", breaks)
    poison = sent(ground, "van", 1)
    batch = [sent(ground, "other", 0), poison, sent(ground, "other", 2), sent(ground, "third", 0)]
    heard = client.pubsub()
    heard.subscribe(f"live:{ground.environment_id}")
    heard.get_message(timeout=5)
    with caplog.at_level(logging.ERROR):
        consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
    assert {one["external_id"] for one in json.loads(heard.get_message(timeout=5)["data"])} == {
        "other",
        "third",
    }
    heard.close()
    [line] = [record for record in caplog.records if record.message == "a move could not be announced"]
    assert vars(line)["request_id"] == request_id_text(poison.request_id)
    assert letters(ground) == []
    assert assert_books_balance(ground.owner, 4, ground.environment_id) == {"accepted": 4}


def test_announcing_that_breaks_altogether_parks_nothing_and_stops_nobody(
    ground, store, known, client, monkeypatch, caplog
):
    def breaks(batch, client):
        raise ValueError("no map will hear of it")

    monkeypatch.setattr("ingest_lambda.consume.announce", breaks)
    first = sent(ground, "van", 0)
    with caplog.at_level(logging.ERROR):
        consume(ground.stretch([first]), store, known, client, now_us=ground.now_us)
    consume(ground.stretch([sent(ground, "van", 1)]), store, known, client, now_us=ground.now_us)
    [line, _] = [record for record in caplog.records if record.message == "stored, but not announced"]
    assert vars(line)["request_ids"] == [request_id_text(first.request_id)]
    assert letters(ground) == []
    assert assert_books_balance(ground.owner, 2, ground.environment_id) == {"accepted": 2}


@pytest.mark.parametrize("nasty", ["NUL \0 inside", "half a pair \ud800", "long " * 2000])
def test_whatever_is_in_the_message_of_a_failure_the_record_can_be_parked(
    ground, store, known, client, monkeypatch, nasty
):
    """A message may quote the record; a lane must not stand still because the parking broke on it as well."""
    poison = sent(ground, "van", 5)
    steps = list(pipeline.STEPS)

    def judge_batch(batch, store, known):
        if any(holds(poison)(unit) for unit in batch.units):
            raise ValueError(nasty)

    steps.insert(1, judge_batch)
    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", tuple(steps))
    batch = [sent(ground, "van", 0), poison, sent(ground, "van", 9)]
    consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
    assert len(letters(ground)) == 1
    assert_books_balance(ground.owner, 3, ground.environment_id)


@pytest.mark.parametrize(
    "facts",
    [
        {"received_at_us": 10**18},
        {"received_at_us": -5},
        {"environment_id": 2**63},
        {"environment_id": -1},
        {"key_id": 2**64 - 1},
        {"device": "nul \0 inside"},
    ],
)
def test_an_envelope_no_door_of_ours_would_write_holds_nobody_up(ground, store, known, client, facts):
    strange = msgspec.structs.replace(sent(ground, "van", 5), **facts)
    batch = [sent(ground, "van", 0), strange, sent(ground, "van", 9)]
    consume(ground.stretch([encode(one) for one in batch]), store, known, client, now_us=ground.now_us)
    assert len(ground.positions("van")) == 2
    found = ground.rows("SELECT count(*)::int FROM tracker_deadletter")
    aside = ground.outcomes().get("quarantined key_revoked", 0)
    assert found[0][0] + aside == 1


# --- storms ---


def everybody(ground, devices=10, fixes=6):
    return [sent(ground, f"v{device}", second) for second in range(fixes) for device in range(devices)]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_breaks_for_every_record_holds_the_lane_and_parks_nothing(
    ground, store, known, client, monkeypatch, step
):
    stretch = ground.stretch(everybody(ground))
    with monkeypatch.context() as broken:
        breaking(broken, step, lambda unit: True)
        for _ in range(2):
            with pytest.raises(Storm, match=r"24 of 24 records failed for good, of \d+ devices"):
                consume(stretch, store, known, client, now_us=ground.now_us)
    assert letters(ground) == []
    assert ground.outcomes() == {}
    assert ground.progress() == stretch.start
    # the step is mended: the same batch goes through
    consume(stretch, store, known, client, now_us=ground.now_us)
    assert assert_books_balance(ground.owner, 60, ground.environment_id) == {"accepted": 60}


def test_the_log_speaks_of_letters_that_are_there_and_of_no_others(
    ground, store, known, client, monkeypatch, caplog
):
    """A batch taken apart in vain is rolled back: a line that says parked must be behind the commit."""
    monkeypatch.setattr("ingest_lambda.consume.probe", lambda *_: None)
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        breaking(broken, "judge_batch", lambda unit: True)
        with pytest.raises(Storm):
            consume(ground.stretch(everybody(ground)), store, known, client, now_us=ground.now_us)
        assert [record.message for record in caplog.records] == []
        poison = sent(ground, "van", 5)
        broken.undo()
        breaking(broken, "judge_batch", holds(poison))
        consume(
            ground.stretch([sent(ground, "van", 1), poison, b"junk"]),
            store,
            known,
            client,
            now_us=ground.now_us,
        )
    lines = {vars(record)["kind"]: vars(record) for record in caplog.records}
    assert set(lines) == {"judge_batch: ValueError", "unreadable"}
    assert lines["judge_batch: ValueError"]["request_id"] == request_id_text(poison.request_id)
    assert lines["judge_batch: ValueError"]["environment"] == ground.environment_id


def test_a_storm_in_small_batches_is_noticed_after_a_few(ground, store, known, client, monkeypatch):
    breaking(monkeypatch, "judge_batch", lambda unit: True)
    envelopes = everybody(ground)

    def one_by_one():
        for envelope in envelopes:
            consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)

    with pytest.raises(Storm):
        one_by_one()
    parked = len(letters(ground))
    assert parked == LEAST_FAILED - 1
    assert_books_balance(ground.owner, parked, ground.environment_id)


def test_one_device_that_sends_nothing_but_poison_is_parked_whatever_it_sends(
    ground, store, known, client, monkeypatch
):
    batch = [sent(ground, "bad", second) for second in range(60)]
    breaking(monkeypatch, "store_positions", lambda unit: unit.envelope.device == "bad")
    done = consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
    assert done.parked == 60
    assert_books_balance(ground.owner, 60, ground.environment_id)


def test_one_customers_flood_of_poison_holds_up_nobody_else(ground, store, known, client, monkeypatch):
    other = Ground.make(ground.owner)
    try:
        bad = [sent(ground, f"bad{n % 5}", n) for n in range(95)]
        good = [sent(other, "good", n) for n in range(5)]
        breaking(monkeypatch, "judge_batch", lambda u: u.envelope.environment_id == ground.environment_id)
        batch = [*bad[:40], *good, *bad[40:]]
        done = consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
        assert done.parked == 95
        assert_books_balance(ground.owner, 95, ground.environment_id)
        assert assert_books_balance(ground.owner, 5, other.environment_id) == {"accepted": 5}
    finally:
        for table in (
            *("position", "devicestate", "outcomecount", "keyuse", "activedevice", "tracedrequest"),
            *("key", "device"),
        ):
            ground.change(f"DELETE FROM tracker_{table} WHERE environment_id = %s", other.environment_id)
        ground.change("DELETE FROM tracker_environment WHERE id = %s", other.environment_id)
        ground.change("DELETE FROM tracker_tenant WHERE id = %s", other.tenant_id)


def test_half_a_batch_that_fails_is_parked(ground, store, known, client, monkeypatch):
    batch = everybody(ground)
    breaking(monkeypatch, "move_state", lambda unit: int(unit.envelope.device[1:]) % 2 == 0)
    done = consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
    assert done.parked == 30
    assert assert_books_balance(ground.owner, 60, ground.environment_id)["accepted"] == 30


def test_bytes_nobody_can_read_are_a_storm_when_there_is_nothing_else(ground, store, known, client):
    stretch = ground.stretch([b"\xc1 a newer door"] * 30)
    with pytest.raises(Storm):
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert ground.rows("SELECT 1 FROM tracker_deadletter") == []


def test_records_of_a_customer_who_left_are_no_storm(ground, store, known, client):
    gone = [msgspec.structs.replace(one, environment_id=10**9) for one in everybody(ground)]
    done = consume(ground.stretch(gone), store, known, client, now_us=ground.now_us)
    assert done.parked == 60


def test_an_operator_can_let_a_storm_go_to_the_dead_letters(ground, store, client, monkeypatch):
    breaking(monkeypatch, "judge_batch", lambda unit: True)
    known = Known(storm=StormGuard(parks=True))
    done = consume(ground.stretch(everybody(ground)), store, known, client, now_us=ground.now_us)
    assert done.parked == 60
    assert_books_balance(ground.owner, 60, ground.environment_id)


def test_what_a_worker_stored_before_speaks_for_its_steps(ground, store, known, client, monkeypatch):
    """A few dozen records that pass, then some that fail: that is not nearly every record."""
    passing = [sent(ground, f"v{n % 7}", n) for n in range(WINDOW)]
    consume(ground.stretch(passing), store, known, client, now_us=ground.now_us)
    breaking(monkeypatch, "judge_batch", lambda unit: True)
    for envelope in everybody(ground)[:30]:
        consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)
    assert len(letters(ground)) == 30


def test_a_failure_that_passes_while_a_batch_is_taken_apart_holds_it_whole(
    ground, store, known, client, monkeypatch
):
    """Half of the poison is parked when the surroundings give way: the whole batch waits, and nothing is kept."""
    steps, calls = list(pipeline.STEPS), []

    def judge_batch(batch, store, known):
        calls.append(len(batch.units))
        if len(calls) > 6:
            raise Retriable("the disk is full")
        raise ValueError("poison")

    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", (steps[0], judge_batch))
    stretch = ground.stretch([sent(ground, "van", second) for second in range(8)])
    with pytest.raises(Retriable, match="the disk is full"):
        consume(stretch, store, known, client, now_us=ground.now_us)
    assert letters(ground) == []
    assert ground.outcomes() == {}
    assert ground.progress() == stretch.start
