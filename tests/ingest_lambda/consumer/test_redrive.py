"""Dead letters driven again: they end as if they had never failed, once, and the books add up."""

import json
import threading
from uuid import UUID, uuid4

import msgspec
import pytest

from ingest_lambda.consume import consume
from ingest_lambda.failures import Retriable
from ingest_lambda.redrive import Redriven, redrive
from ingest_lambda.report import DeviceInfo, RefusedPosition, Registration, encode
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.letters import next_asked
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.books import assert_books_balance, fixes_in
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.test_poison import breaking, holds, sent
from tests.ingest_lambda.consumer.test_worker import put, run, settings_of, until  # noqa: F401 fixtures

pytestmark = pytest.mark.django_db
STATE = """
    SELECT redriven_at IS NOT NULL, redrive_asked_at IS NOT NULL, redrive_error FROM tracker_deadletter
    WHERE environment_id = %s ORDER BY id"""


def ask(ground):
    """What the console does."""
    return ground.change(
        """UPDATE tracker_deadletter SET redrive_asked_at = now()
        WHERE redriven_at IS NULL AND (environment_id = %s OR environment_id IS NULL)""",
        ground.environment_id,
    )


def states(ground):
    return ground.rows(STATE, ground.environment_id)


@pytest.fixture
def poison(ground, store, known, client, monkeypatch):
    """Consume a batch in which some envelopes break a step; the step is mended afterwards."""

    def consumed(batch, bad, step="store_positions"):
        with monkeypatch.context() as broken:
            breaking(broken, step, lambda unit: any(holds(one)(unit) for one in bad))
            consume(ground.stretch(batch), store, known, client, now_us=ground.now_us)
        assert_books_balance(ground.owner, fixes_in(batch), ground.environment_id)

    return consumed


def story(ground):
    """What a customer can see of an environment: histories, markers, endings."""
    devices = [row[0] for row in ground.rows(
        "SELECT external_id FROM tracker_device WHERE environment_id = %s ORDER BY 1", ground.environment_id
    )]  # fmt: skip
    return {name: (ground.positions(name), ground.marker(name)) for name in devices}, {
        ending: count for ending, count in ground.outcomes().items() if count
    }


def mixed(ground):
    """A batch of every ending there is: the third envelope will be the poisoned one."""
    late = sent(ground, "van", 15, fixes=3)
    refused = [RefusedPosition(0, "bad_latitude", "latitude 91 is out of range", '{"latitude": 91}')]
    ahead = fix(ground.now_us + HOUR)
    return [
        sent(ground, "van", 0, fixes=5),
        sent(ground, "other", 3),
        ground.envelope("van", [*late.positions, late.positions[0], ahead], refused=refused),
        sent(ground, "van", 30, fixes=4),
        sent(ground, "other", 9),
    ]


def test_a_redriven_record_ends_as_if_it_had_never_failed(ground, store, known, client, poison):
    """The same batch twice: once with a record that breaks a step and is driven again, once without."""
    batch = mixed(ground)
    poison(batch, [batch[2]])
    assert ground.outcomes()["quarantined dead_letter"] == 6
    assert ask(ground) == 6
    assert redrive(store, client, now_us=ground.now_us) == Redriven(6, 0, more=False)
    assert set(states(ground)) == {(True, True, "")}
    told = story(ground)
    assert assert_books_balance(ground.owner, fixes_in(batch), ground.environment_id) == told[1]
    _empty(ground)
    consume(ground.stretch(batch), store, Known(), client, now_us=ground.now_us)
    assert story(ground) == told


def _empty(ground):
    for table in ("position", "devicestate", "setasidereport", "deadletter", "outcomecount"):
        ground.change(f"DELETE FROM tracker_{table} WHERE environment_id = %s", ground.environment_id)


def test_nothing_is_driven_again_that_nobody_asked_for(ground, store, client, poison):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    assert redrive(store, client, now_us=ground.now_us) == Redriven(0, 0, more=False)
    assert states(ground) == [(False, False, "")]


def test_a_redriven_letter_is_not_driven_a_second_time(ground, store, client, poison):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    ask(ground)
    for expected in (1, 0):
        assert redrive(store, client, now_us=ground.now_us).stored == expected
    assert assert_books_balance(ground.owner, 2, ground.environment_id) == {"accepted": 2}


def test_the_marker_is_announced_where_the_letter_was_the_newest(ground, store, client, poison):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    heard = client.pubsub()
    heard.subscribe(f"live:{ground.environment_id}")
    heard.get_message(timeout=5)
    ask(ground)
    redrive(store, client, now_us=ground.now_us)
    [moved] = json.loads(heard.get_message(timeout=5)["data"])
    heard.close()
    assert moved["request_id"] == f"req_{batch[1].request_id.hex()}"
    assert ground.rows(
        "SELECT request_id FROM tracker_position WHERE environment_id = %s ORDER BY recorded_at DESC LIMIT 1",
        ground.environment_id,
    ) == [(UUID(bytes=batch[1].request_id),)]


def test_a_letter_that_fails_again_keeps_its_error_and_waits_to_be_asked_anew(
    ground, store, client, poison, monkeypatch
):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    ask(ground)
    with monkeypatch.context() as broken:
        breaking(broken, "judge_batch", holds(batch[1]))
        assert redrive(store, client, now_us=ground.now_us) == Redriven(0, 1, more=False)
    assert states(ground) == [(False, False, "ValueError: this record breaks the step")]
    assert redrive(store, client, now_us=ground.now_us) == Redriven(0, 0, more=False)
    assert_books_balance(ground.owner, 2, ground.environment_id)
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us).stored == 1
    assert states(ground) == [(True, True, "")]
    assert assert_books_balance(ground.owner, 2, ground.environment_id) == {"accepted": 2}


def test_a_passing_failure_leaves_a_letter_asked_for_and_lets_the_others_by(
    ground, store, client, poison, monkeypatch
):
    batch = [sent(ground, "van", n) for n in range(4)]
    poison(batch, batch[1:])
    ask(ground)
    add = Store.add_positions

    def add_positions(self, accepted, now_us, *more):
        if any(envelope.request_id == batch[1].request_id for _, _, envelope, *_ in accepted):
            raise Retriable("no partition for a position")
        return add(self, accepted, now_us, *more)

    with monkeypatch.context() as broken:
        broken.setattr(Store, "add_positions", add_positions)
        assert redrive(store, client, now_us=ground.now_us) == Redriven(2, 0, more=False)
    assert states(ground) == [(False, True, ""), (True, True, ""), (True, True, "")]
    assert redrive(store, client, now_us=ground.now_us) == Redriven(1, 0, more=False)
    assert assert_books_balance(ground.owner, 4, ground.environment_id) == {"accepted": 4}


def test_a_key_revoked_since_costs_nothing_it_had_let_in(ground, store, client, poison):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    ground.change("UPDATE tracker_key SET revoked_at = now() + interval '1 s' WHERE id = %s", ground.key_id)
    ask(ground)
    redrive(store, client, now_us=ground.now_us)
    assert assert_books_balance(ground.owner, 2, ground.environment_id) == {"accepted": 2}


def test_a_key_revoked_before_is_still_revoked(ground, store, client, poison):
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    ground.change("UPDATE tracker_key SET revoked_at = now() - interval '1 h' WHERE id = %s", ground.key_id)
    ask(ground)
    redrive(store, client, now_us=ground.now_us)
    ended = assert_books_balance(ground.owner, 2, ground.environment_id)
    assert ended == {"accepted": 1, "quarantined key_revoked": 1}


def certified(ground, revoked):
    """A device with a certificate, and an envelope as the bridge puts it: no key, no environment."""
    uid = uuid4()
    [(device_id,)] = ground.rows(
        """INSERT INTO tracker_device (environment_id, external_id, name, model, os, app_version, uid, metadata,
            registered_at) VALUES (%s, 'van', '', '', '', '', %s, '{}', now()) RETURNING id""",
        ground.environment_id,
        uid,
    )
    ground.change(
        f"""INSERT INTO tracker_devicecertificate
            (uid, environment_id, device_id, serial, sha256, content, issued_at, expires_at, revoked_at)
        VALUES (gen_random_uuid(), %s, %s, %s, %s, '', now(), now() + interval '1 day', {revoked})""",
        ground.environment_id,
        device_id,
        uid.hex,
        uid.bytes * 2,
    )
    return msgspec.structs.replace(
        sent(ground, f"dev_{uid.hex}", 0), environment_id=0, key_id=0, channel="mqtt"
    )


@pytest.mark.parametrize(
    ("revoked", "ended"),
    [
        ("now() + interval '1 s'", {"accepted": 1}),
        ("now() - interval '1 h'", {"quarantined key_revoked": 1}),
    ],
)
def test_a_certificate_counts_as_it_did_when_the_letter_was_parked(
    ground, store, known, client, monkeypatch, revoked, ended
):
    envelope = certified(ground, revoked)
    with monkeypatch.context() as broken:
        breaking(broken, "recognise", lambda unit: True)
        consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us).stored == 1
    assert assert_books_balance(ground.owner, 1, ground.environment_id) == ended


def test_a_registration_is_driven_again_by_its_own_way(ground, store, client):
    facts = (1, ground.environment_id, ground.key_id, "new", ground.now_us, uuid4().bytes, None)
    letter = encode(Registration(*facts, DeviceInfo(name="Van 9")))
    ground.change(
        """INSERT INTO tracker_deadletter (lane, entry_id, entry_index, reason, error, payload, fixes)
        VALUES ('reg:0', '1-0', 0, 'bad_registration', 'x', %s, 0),
            ('reg:0', '1-1', 0, 'bad_registration', 'x', '?', 0)""",
        letter,
    )
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us) == Redriven(1, 1, more=False)
    assert ground.rows(
        "SELECT external_id, name FROM tracker_device WHERE environment_id = %s", ground.environment_id
    ) == [("new", "Van 9")]
    assert assert_books_balance(ground.owner, 0, ground.environment_id) == {}


def test_bytes_that_become_readable_are_counted_then(ground, store, known, client):
    """They were nobody's while nobody could read them, so there is no count to take out."""
    consume(ground.stretch([b"\xc1junk"]), store, known, client, now_us=ground.now_us)
    late = sent(ground, "van", 0, fixes=2)
    ground.change("UPDATE tracker_deadletter SET payload = %s WHERE environment_id IS NULL", encode(late))
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us).stored == 1
    assert assert_books_balance(ground.owner, 2, ground.environment_id) == {"accepted": 2}


def test_bytes_that_stay_unreadable_fail_again_and_make_no_second_letter(ground, store, known, client):
    consume(ground.stretch([b"\xc1junk"]), store, known, client, now_us=ground.now_us)
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us) == Redriven(0, 1, more=False)
    [(error,)] = ground.rows("SELECT redrive_error FROM tracker_deadletter WHERE environment_id IS NULL")
    assert error.startswith("unreadable: ")


def test_a_turn_ends_and_says_that_there_is_more(ground, store, client, poison):
    batch = [sent(ground, "van", n) for n in range(8)]
    poison(batch, batch[1:])
    ask(ground)
    assert redrive(store, client, now_us=ground.now_us, most=5) == Redriven(5, 0, more=True)
    assert redrive(store, client, now_us=ground.now_us, most=5) == Redriven(2, 0, more=False)


# --- two at once ---


def test_a_letter_in_somebodys_hands_is_passed_over(ground, store, client, poison, edge_url):
    """First what would happen: without the lock both see the same letter. Then that they do not."""
    batch = [sent(ground, "van", n) for n in range(3)]
    poison(batch, batch[1:])
    ask(ground)
    with connect(edge_url) as other:
        rival = Store(other)
        first = rival.connection.execute("SELECT min(id) FROM tracker_deadletter").fetchone()
        assert first == store.connection.execute("SELECT min(id) FROM tracker_deadletter").fetchone()
        with rival.transaction():
            held = next_asked(rival, ())
            with store.transaction():
                mine = next_asked(store, ())
    assert held is not None
    assert mine is not None
    assert held.id != mine.id


def test_many_workers_redrive_the_same_letters_once_while_new_reports_come_in(
    ground, store, known, client, poison, edge_url
):
    batch = [sent(ground, f"v{n % 4}", n) for n in range(60)]
    bad = batch[10:50]
    poison(batch, bad)
    ask(ground)
    done, failures = [], []

    def work(url):
        try:
            with connect(url) as connection:
                mine = Store(connection)
                while (turn := redrive(mine, client, now_us=ground.now_us, most=7)).more:
                    done.append(turn.stored)
                done.append(turn.stored)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(edge_url,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    fresh = [sent(ground, f"v{n % 4}", 100 + n) for n in range(20)]
    for one in fresh:
        consume(ground.stretch([one]), store, known, client, now_us=ground.now_us)
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sum(done) == len(bad)
    assert assert_books_balance(ground.owner, 80, ground.environment_id) == {"accepted": 80}
    for device in range(4):
        assert ground.marker(f"v{device}")[0] == fresh[16 + device].positions[0].recorded_at_us


def test_workers_pick_up_what_is_asked_for_and_say_how_much(ground, client, run, store, poison):  # noqa: F811
    batch = [sent(ground, "van", n) for n in range(6)]
    poison(batch, batch[3:])
    ask(ground)
    run(0, 2)
    run(1, 2)
    until(lambda: states(ground) == [(True, True, "")] * 3)
    assert assert_books_balance(ground.owner, 6, ground.environment_id) == {"accepted": 6}
    signs = [json.loads(until(lambda n=n: client.get(f"health:consumer:{n}"))) for n in range(2)]
    assert all({"redriven", "parked", "held"} <= set(sign) for sign in signs)


def test_the_lane_waits_while_a_letter_of_it_is_driven(ground, store, client, poison, edge_url):
    """The lane's own worker and a redrive never write for one device at once."""
    batch = [sent(ground, "van", 0), sent(ground, "van", 1)]
    poison(batch, batch[1:])
    ask(ground)
    with connect(edge_url) as other:
        rival = Store(other)
        with rival.transaction():
            rival.lock_progress(ground.lane)
            store.connection.execute("SET lock_timeout = '200ms'")
            assert redrive(store, client, now_us=ground.now_us).stored == 0
    assert states(ground) == [(False, True, "")]
    assert redrive(store, client, now_us=ground.now_us).stored == 1


def test_second_buckets_stay_where_the_report_was_received(ground, store, client, poison):
    early = ground.now_us - 30 * SECOND
    batch = [
        sent(ground, "van", 0),
        ground.envelope("van", [fix(ground.now_us - 60 * SECOND)], received_at_us=early),
    ]
    poison(batch, batch[1:])
    ask(ground)
    redrive(store, client, now_us=ground.now_us)
    rows = ground.rows(
        """SELECT extract(epoch FROM second)::bigint, outcome, sum(count)::int FROM tracker_outcomecount
        WHERE environment_id = %s GROUP BY 1, 2 HAVING sum(count) <> 0 ORDER BY 1""",
        ground.environment_id,
    )
    assert rows == [(early // SECOND, "accepted", 1), (ground.now_us // SECOND, "accepted", 1)]
