"""The anchor: since when does a device stand still."""

import json

import pytest

from ingest_lambda.consume import consume
from ingest_lambda.standing import Anchor, stand
from tests.ingest_lambda.consumer.ground import SECOND, fix

METRE = 1 / 111_195


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "moves"),
    [(29, None, False), (31, None, True), (45, 50.0, False), (55, 50.0, True)],
)
def test_jitter_within_thirty_metres_or_the_accuracy_is_standing_still(metres, accuracy_m, moves):
    anchor = stand(Anchor(0, 4.9, 52.0), fix(SECOND, 4.9, 52.0 + metres * METRE, accuracy_m=accuracy_m))
    assert anchor.at_us == (SECOND if moves else 0)


@pytest.mark.django_db
def test_moves_are_announced_after_the_commit_once_a_device(ground, store, known, client):
    listener = client.pubsub()
    listener.subscribe(f"live:{ground.environment_id}")
    listener.get_message(timeout=5)
    first = [fix(ground.now_us - (9 - n) * SECOND, battery=0.5) for n in range(10)]
    consume(
        ground.stretch([ground.envelope("a", first), ground.envelope("b", first[:1])]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    message = listener.get_message(timeout=5)
    moved = {one["external_id"]: one for one in json.loads(message["data"])}
    assert moved["a"]["recorded_at"] == ground.now_us // 1000
    assert moved["a"]["moved_at"] == first[0].recorded_at_us // 1000
    assert moved["a"]["id"].startswith("dev_")
    assert moved["a"]["request_id"].startswith("req_")
    assert moved["a"]["name"] == ""
    assert set(moved) == {"a", "b"}
    consume(ground.stretch([ground.envelope("a", first)]), store, known, client, now_us=ground.now_us)
    assert listener.get_message(timeout=0.2) is None
    listener.close()
