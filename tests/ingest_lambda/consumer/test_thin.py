"""What a spending cap leaves: one fix in some, the same ones in any order, each of the rest with its one ending."""

import random

import pytest

from ingest_lambda.consume import consume
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.thin import stays
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.test_recognise import by_certificate, certify

pytestmark = pytest.mark.django_db


def cap(ground, intake, one_in=1):
    ground.change(
        "UPDATE tracker_environment SET intake = %s, intake_keeps_one_in = %s WHERE id = %s",
        *(intake, one_in, ground.environment_id),
    )


def drive(ground, count):
    first = ground.now_us - HOUR
    return [fix(first + i * 10 * SECOND, 4.9 + i * 0.0001) for i in range(count)]


def take(ground, store, client, envelopes):
    consume(ground.stretch(envelopes), store, Known(), client, now_us=ground.now_us)


def test_one_in_some_is_kept_and_every_report_is_counted_once(ground, store, client):
    cap(ground, "sample", 5)
    take(ground, store, client, [ground.envelope("a", drive(ground, 300))])
    counts = ground.outcomes()
    assert counts["accepted"] + counts["filtered sampled"] == 300
    assert 35 <= counts["accepted"] <= 90
    assert len(ground.positions("a")) == counts["accepted"]


def test_the_same_fixes_stay_in_whatever_order_and_parts_they_come(ground, store, client):
    fixes = drive(ground, 120)
    take(
        ground, store, client, [ground.envelope("a", [fix(ground.now_us - 2 * HOUR)])]
    )  # so that it has its id
    cap(ground, "sample", 4)
    shuffled = random.Random(7).sample(fixes, len(fixes))
    for part in (shuffled[:50], shuffled[40:], fixes):  # ten of them twice, then all of them again
        take(ground, store, client, [ground.envelope("a", part)])
    [(device,)] = ground.rows(
        "SELECT id FROM tracker_device WHERE environment_id = %s", ground.environment_id
    )
    kept = [one.recorded_at_us for one in fixes if stays(device, one.recorded_at_us, 4)]
    assert [row[0] for row in ground.positions("a")][1:] == kept
    assert sum(ground.outcomes().values()) == 1 + 50 + 80 + 120


def test_a_fix_left_out_is_taken_when_it_comes_again_after_the_cap_was_lifted(ground, store, client):
    fixes = drive(ground, 40)
    cap(ground, "sample", 1000)
    take(ground, store, client, [ground.envelope("a", fixes)])
    cap(ground, "open")
    take(ground, store, client, [ground.envelope("a", fixes)])
    assert len(ground.positions("a")) == 40
    counts = ground.outcomes()
    assert counts["accepted"] + counts.get("duplicate", 0) + counts["filtered sampled"] == 80


def test_where_a_cap_says_stop_what_a_door_answered_is_kept_and_what_came_by_mqtt_is_counted(
    ground, store, client
):
    take(ground, store, client, [ground.envelope("a", drive(ground, 1))])
    certify(ground, "a")
    [(uid,)] = ground.rows("SELECT uid FROM tracker_device WHERE environment_id = %s", ground.environment_id)
    cap(ground, "stopped")
    first, second = drive(ground, 3)[1:]
    by_mqtt = by_certificate(ground, uid.hex, [second])
    take(ground, store, client, [ground.envelope("a", [first]), by_mqtt])
    assert ground.outcomes() == {"accepted": 2, "filtered cap_reached": 1}
    assert len(ground.positions("a")) == 2
