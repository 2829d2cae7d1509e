"""What devices repeat is counted behind the commit, told of through Redis, and never stored or accepted twice."""

import msgspec

from ingest_lambda.consume import consume
from ingest_lambda.floods import TALLIES, Kind, Tally
from ingest_lambda.report import DeviceInfo
from tests.ingest_lambda.consumer.ground import SECOND, fix

APP = DeviceInfo("Van", "Pixel 9", "Android 16", "2.4.1")


def told(client):
    found = []
    for _, fields in client.xrange(TALLIES):
        found += msgspec.json.decode(fields[b"t"], type=list[Tally])
    return found


def test_one_fix_sent_a_hundred_times_is_one_position_and_a_tally_of_repeats(ground, store, known, client):
    same = fix(ground.now_us)
    envelopes = [ground.envelope("van-1", [same], info=APP) for _ in range(100)]
    consume(ground.stretch(envelopes), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 1, "duplicate": 99}
    [tally] = told(client)
    assert (tally.environment, tally.kind, tally.key) == (ground.environment_id, Kind.REPEATS, "van-1")
    assert (tally.received, tally.repeats, len(tally.marks)) == (100, 99, 1)
    (facts, count) = tally.facts[0]
    assert (facts.key_id, facts.app_version, facts.model, count) == (ground.key_id, "2.4.1", "Pixel 9", 99)


def test_repeats_of_what_an_earlier_batch_stored_are_counted_as_well(ground, store, known, client):
    same = fix(ground.now_us)
    consume(ground.stretch([ground.envelope("van-1", [same])]), store, known, client, now_us=ground.now_us)
    known.repeats._due = 0.0
    again = [ground.envelope("van-1", [same]) for _ in range(50)]
    consume(ground.stretch(again), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 1, "duplicate": 50}
    [tally] = told(client)
    assert (tally.received, tally.repeats) == (50, 50)


def test_a_queue_of_different_fixes_is_told_of_by_nobody(ground, store, known, client):
    fixes = [fix(ground.now_us - n * SECOND, longitude=4.9 + n / 1e6) for n in range(200)]
    consume(ground.stretch([ground.envelope("van-1", fixes)]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 200}
    assert told(client) == []
