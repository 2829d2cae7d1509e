"""Devices among geofences, through the real steps into a real database: told once, by event time, and put right."""

import pytest

from ingest_lambda.consume import consume
from ingest_lambda.steps.known import Known
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.zoned import (
    Area,
    each_crossing_has_its_event,
    events,
    publish,
    stays,
    visits,
    ways,
)

pytestmark = pytest.mark.django_db

EAST, WEST = Area(4.910, 52.3, 4.912, 52.4), Area(4.908, 52.3, 4.910, 52.4)
MINUTE = 60 * SECOND


def send(ground, store, client, fixes, *, known=None, device="van"):
    stretch = ground.stretch([ground.envelope(device, fixes)])
    return consume(stretch, store, known or Known(), client, now_us=ground.now_us)


def at(ground, minutes_ago, longitude):
    return fix(ground.now_us - int(minutes_ago * MINUTE), longitude)


def test_a_device_that_drives_through_a_geofence_enters_and_leaves_it(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    for minutes, longitude in ((30, 4.909), (28, 4.911), (26, 4.913)):
        send(ground, store, client, [at(ground, minutes, longitude)], known=known)
    assert ways(ground, "van") == [("crossed", None, "east"), ("crossed", "east", None)]
    assert stays(ground, "van") == [("east", 29 * 60, 27 * 60)]
    each_crossing_has_its_event(ground, "van")


def test_from_one_geofence_into_the_next_is_one_event_with_both_names(ground, store, known, client):
    publish(ground, {"east": EAST, "west": WEST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 20, 4.909), at(ground, 19, 4.911)], known=known)
    assert ways(ground, "van") == [("crossed", None, "west"), ("crossed", "west", "east")]
    [_, (kind, data)] = events(ground, "van")
    assert kind == "geofence.entered"
    assert (data["from"]["external_id"], data["to"]["external_id"]) == ("west", "east")
    assert data["location"]["coordinates"] == [pytest.approx(4.91), 52.37]
    assert data["geofence_version"] == 1


def test_a_late_fix_that_changes_history_corrects_what_was_told_and_names_it(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 14, 4.909), at(ground, 10, 4.911)], known=known)
    assert stays(ground, "van") == [("east", 12 * 60, None)]
    send(ground, store, client, [at(ground, 12, 4.909)], known=known)
    assert stays(ground, "van") == [("east", 11 * 60, None)]
    [(_, first), (kind, second)] = events(ground, "van")
    assert (kind, second["withdrawn"], second["corrects"]) == ("crossing.corrected", False, first["crossing"])
    each_crossing_has_its_event(ground, "van")


def test_what_turns_out_never_to_have_happened_is_withdrawn(ground, store, known, client):
    """A jump into the geofence came first; its past proves it a jump."""
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    jump = fix(ground.now_us - 10 * MINUTE, 4.911)
    send(ground, store, client, [jump], known=known)
    here = [fix(jump.recorded_at_us - n * SECOND, 4.5) for n in (3, 2, 1)]
    send(ground, store, client, here, known=known)
    assert visits(ground, "van") == []
    assert ways(ground, "van") == [("crossed", None, "east"), ("withdrawn", None, "east")]
    each_crossing_has_its_event(ground, "van")
