"""Crossings under everything that may go wrong: workers side by side, poison, redrives, publishes, deletions."""

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg import errors

from ingest_lambda import pipeline
from ingest_lambda.batch import Batch
from ingest_lambda.consume import consume
from ingest_lambda.failures import LaneMoved
from ingest_lambda.pipeline import walk
from ingest_lambda.redrive import redrive
from ingest_lambda.steps.announce import announcements
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.steps.zones import ZoneMemory
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.test_poison import breaking, holds
from tests.ingest_lambda.consumer.zoned import (
    Area,
    believed,
    each_crossing_has_its_event,
    events,
    publish,
    stays,
    visits,
    ways,
)
from tracker.devices.models import Device
from tracker.devices.services import delete_device, sweep_deleted
from tracker.geofences.dwell import tell_of_stays
from tracker.geofences.models import GeofenceVersion
from tracker.geofences.retirement import hold_set, retire

pytestmark = pytest.mark.django_db(transaction=True)

EAST, WEST = Area(4.910, 52.3, 4.912, 52.4), Area(4.908, 52.3, 4.910, 52.4)
OUT, IN_WEST, IN_EAST, BEYOND = 4.907, 4.909, 4.911, 4.913
MINUTE = 60 * SECOND


def send(ground, store, client, fixes, *, known=None, device="van", now_us=None):
    stretch = ground.stretch([ground.envelope(device, fixes)])
    return consume(stretch, store, known or Known(), client, now_us=now_us or ground.now_us)


def at(ground, minutes_ago, longitude):
    return fix(ground.now_us - int(minutes_ago * MINUTE), longitude)


@pytest.fixture
def other(edge_url):
    """A second consumer's connection."""
    with connect(edge_url, name="second") as opened:
        yield Store(opened)


def published(ground, areas, effective_us):
    """As the publish service does it: the version, and what it retires, in one transaction."""
    with transaction.atomic():
        hold_set(ground.environment_id)
        version = GeofenceVersion.objects.create(
            environment_id=ground.environment_id,
            number=GeofenceVersion.objects.for_environment(ground.environment_id).count() + 1,
            effective_at=datetime.fromtimestamp(0, UTC) + timedelta(microseconds=effective_us),
            published_at=timezone.now(),
        )
        for name in areas:
            with connection.cursor() as cursor:
                cursor.execute(
                    """INSERT INTO tracker_geofenceversionmember (environment_id, version_id, geofence_id, shape_id)
                    SELECT environment_id, %s, geofence_id, id FROM tracker_geofenceshape
                    WHERE environment_id = %s AND name = %s ORDER BY id DESC LIMIT 1""",
                    [version.pk, ground.environment_id, name],
                )
        retire(version, now=timezone.now())
    return version


def test_every_warm_worker_decides_by_the_version_in_force_when_a_fix_was_recorded(
    ground, store, other, known, client
):
    publish(ground, {"west": WEST}, ground.now_us - HOUR)
    memories = [known, Known()]
    for n, worker in enumerate((store, other)):
        send(ground, worker, client, [at(ground, 30, IN_WEST)], known=memories[n], device=f"van-{n}")
    effective_us = ground.now_us - 10 * MINUTE
    publish(ground, {"west": EAST}, effective_us)
    for n, worker in enumerate((store, other)):
        name = f"van-{n}"
        send(ground, worker, client, [fix(effective_us - 1, IN_WEST + 1e-5)], known=memories[n], device=name)
        assert stays(ground, name) == [("west", 30 * 60, None)]
        send(ground, worker, client, [fix(effective_us, IN_WEST + 2e-5)], known=memories[n], device=name)
        assert stays(ground, name) == [("west", 30 * 60, 10 * 60)]
        assert [row[-1] for row in believed(ground, name)] == [1, 2]


def test_an_environment_without_geofences_is_asked_one_number_and_warm_ones_no_more(
    ground, store, known, client, monkeypatch
):
    run: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor, text, *values, **named):
        run.append(str(text))
        return execute(cursor, text, *values, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)

    def statements_of(minutes, longitude):
        run.clear()
        send(ground, store, client, [at(ground, minutes, longitude)], known=known)
        return [text for text in run if "geofence" in text or ("presence" in text and "STATES" in text)]

    statements_of(60, OUT)
    assert len(statements_of(59, OUT)) == 1
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    statements_of(30, OUT)
    assert len(statements_of(29, OUT + 1e-4)) == 1
    assert len(statements_of(28, IN_EAST)) <= 6  # the set is held, the number asked again, visit and crossing


def test_a_batch_stored_twice_tells_nothing_twice(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    stretch = ground.stretch([ground.envelope("van", [at(ground, 20, IN_WEST), at(ground, 19, IN_EAST)])])
    consume(stretch, store, known, client, now_us=ground.now_us)
    with pytest.raises(LaneMoved):
        consume(stretch, store, Known(), client, now_us=ground.now_us)
    send(ground, store, client, [at(ground, 20, IN_WEST), at(ground, 19, IN_EAST)], known=known)
    assert ways(ground, "van") == [("crossed", None, "east")]
    each_crossing_has_its_event(ground, "van")


def journey(ground):
    """There and back through both, a minute apart, as eight envelopes."""
    places = (OUT, IN_WEST, IN_EAST, BEYOND, IN_EAST, IN_WEST, IN_WEST, OUT)
    return [ground.envelope("van", [at(ground, 40 - n, place)]) for n, place in enumerate(places)]


@pytest.mark.parametrize("step", ["cross_geofences", "count_outcomes"])
def test_a_poison_record_among_crossings_is_parked_and_told_when_it_is_driven_again(
    ground, store, known, client, monkeypatch, step
):
    publish(ground, {"east": EAST, "west": WEST}, ground.now_us - HOUR)
    sent = journey(ground)
    with monkeypatch.context() as broken:
        breaking(broken, step, holds(sent[3]))
        done = consume(ground.stretch(sent), store, known, client, now_us=ground.now_us)
    assert done.parked == 1
    whole = [msgspec.structs.replace(one, device="whole") for one in sent]
    consume(ground.stretch(whole), store, known, client, now_us=ground.now_us)
    assert visits(ground, "van") != visits(ground, "whole")
    ground.change("UPDATE tracker_deadletter SET redrive_asked_at = now()")
    assert redrive(store, client, now_us=ground.now_us).stored == 1
    assert visits(ground, "van") == visits(ground, "whole")
    assert believed(ground, "van") == believed(ground, "whole")
    for name in ("van", "whole"):
        each_crossing_has_its_event(ground, name)


def test_a_batch_crossed_by_another_writer_is_walked_again_carefully_and_told_once(
    ground, store, known, client, monkeypatch
):
    publish(ground, {"east": EAST, "west": WEST}, ground.now_us - HOUR)
    sent = journey(ground)
    consume(ground.stretch(sent[:3]), store, known, client, now_us=ground.now_us)
    crossed = iter([errors.UniqueViolation("another writer was here")])

    def crossing(batch, store, known):
        for error in crossed:
            raise error

    monkeypatch.setattr("ingest_lambda.pipeline.STEPS", (*pipeline.STEPS, crossing))
    consume(ground.stretch(sent[3:]), store, known, client, now_us=ground.now_us)
    whole = [msgspec.structs.replace(one, device="whole") for one in sent]
    consume(ground.stretch(whole), store, known, client, now_us=ground.now_us)
    assert visits(ground, "van") == visits(ground, "whole")
    assert len(ways(ground, "van")) == len(ways(ground, "whole"))


def test_a_move_says_which_geofences_the_device_is_in(ground, store, known):
    publish(ground, {"east": EAST, "both": Area(4.908, 52.3, 4.912, 52.4)}, ground.now_us - HOUR)
    stretch = ground.stretch([ground.envelope("van", [at(ground, 5, IN_EAST)])])
    batch = Batch(stretch.lane, stretch.units, ground.now_us)
    with store.transaction():
        walk(batch, store, known)
    [[moved]] = [msgspec.json.decode(data) for data in announcements(batch).values()]
    uids = ground.rows("SELECT uid FROM tracker_geofence WHERE environment_id = %s", ground.environment_id)
    assert sorted(moved["zones"]) == sorted(f"gf_{uid.hex}" for (uid,) in uids)


# --- retired geofences ---


def test_a_retired_geofence_ends_its_visits_with_the_publish_and_nobody_tells_it_twice(
    ground, store, known, client
):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 30, IN_EAST)], known=known)
    published(ground, [], ground.now_us - 10 * MINUTE)
    told = believed(ground, "van")
    assert [row[:3] for row in told] == [("crossed", "first_fix", None), ("crossed", "published", "east")]
    send(ground, store, client, [at(ground, 5, IN_EAST)], known=known)
    assert believed(ground, "van") == told
    assert ways(ground, "van") == [("crossed", None, "east"), ("crossed", "east", None)]
    each_crossing_has_its_event(ground, "van")


def test_the_consumer_alone_comes_to_the_very_same(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    for name in ("told by the publish", "told by the fix"):
        send(ground, store, client, [at(ground, 30, IN_EAST)], known=known, device=name)
    publish(ground, {}, ground.now_us - 10 * MINUTE)  # a version from which nobody retired anything
    send(ground, store, client, [at(ground, 5, IN_EAST)], known=known, device="told by the fix")
    [version] = GeofenceVersion.objects.for_environment(ground.environment_id).filter(number=2)
    retire(version, now=timezone.now())
    assert visits(ground, "told by the publish") == visits(ground, "told by the fix")
    assert believed(ground, "told by the publish") == believed(ground, "told by the fix")


def test_a_fix_from_before_the_publish_corrects_what_the_publish_told(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 30, IN_EAST)], known=known)
    published(ground, [], ground.now_us - 10 * MINUTE)
    send(ground, store, client, [at(ground, 28, BEYOND)], known=known)
    assert stays(ground, "van") == [("east", 30 * 60, 29 * 60)]
    kinds = [(kind, data.get("withdrawn")) for kind, data in events(ground, "van")]
    assert kinds == [("geofence.entered", None), ("geofence.exited", None), ("crossing.corrected", False)]
    each_crossing_has_its_event(ground, "van")


def test_a_fix_from_before_the_publish_that_enters_what_it_retires_leaves_it_too(
    ground, store, known, client
):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 30, OUT)], known=known)
    published(ground, [], ground.now_us - 10 * MINUTE)
    send(ground, store, client, [at(ground, 28, IN_EAST)], known=known)
    assert [row[2] for row in stays(ground, "van")] == [10 * 60]


@pytest.mark.parametrize("held", [True, False], ids=["held", "not-held"])
def test_a_device_that_enters_while_its_geofence_is_retired_does_not_stay_in_it(
    ground, store, known, client, monkeypatch, held
):
    """Without the lock the publish does not see the visit that is not committed yet, and nobody ends it."""
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    if not held:
        monkeypatch.setattr(ZoneMemory, "hold", lambda memory, store, environments: None)
    stretch = ground.stretch([ground.envelope("van", [at(ground, 30, IN_EAST)])])
    failures = []

    def work():
        try:
            published(ground, [], ground.now_us - 10 * MINUTE)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    with store.transaction():
        walk(Batch(stretch.lane, stretch.units, ground.now_us), store, known)
        thread.start()
        while thread.is_alive() and not ground.rows(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            thread.join(0.01)
    thread.join(30)
    assert failures == []
    assert stays(ground, "van") == [("east", 30 * 60, 10 * 60 if held else None)]
    # and without it, the device's next fix still puts it right
    send(ground, store, client, [at(ground, 5, BEYOND)], known=known)
    assert stays(ground, "van") == [("east", 30 * 60, 10 * 60)]
    each_crossing_has_its_event(ground, "van")


def test_a_fix_of_a_clock_that_runs_ahead_is_decided_again_when_a_version_comes_before_it(
    ground, store, known, client
):
    publish(ground, {"west": WEST}, ground.now_us - HOUR)
    send(ground, store, client, [fix(ground.now_us + 3 * MINUTE, IN_EAST)], known=known)
    assert visits(ground, "van") == []
    publish(ground, {"west": WEST, "east": EAST}, ground.now_us + MINUTE)
    send(ground, store, client, [fix(ground.now_us + 4 * MINUTE, IN_EAST)], known=known)
    assert [(row[0], row[3]) for row in visits(ground, "van")] == [("east", 2)]


# --- long stays ---

LONG = EAST._replace(dwell_s=300)


def test_the_tick_and_the_consumer_tell_the_same_of_a_long_stay(ground, store, known, client):
    publish(ground, {"east": LONG}, ground.now_us - HOUR)
    for name in ("ticked", "told by its end"):
        send(ground, store, client, [at(ground, 30, IN_EAST)], known=known, device=name)
    # one of them alone: of the other it is not known yet whether more of its past is on the way
    [(due,)] = ground.rows(
        """SELECT dwell_due_at FROM tracker_geofencevisit v JOIN tracker_device d ON d.id = v.device_id
        WHERE d.external_id = 'ticked'"""
    )
    assert tell_of_stays(now=due - timedelta(seconds=1)) == 0
    ground.change(
        """UPDATE tracker_devicestate SET received_at = now() - interval '1 hour'
        FROM tracker_device d WHERE d.id = device_id AND d.external_id = 'ticked'"""
    )
    assert tell_of_stays(now=timezone.now()) == 1
    assert tell_of_stays(now=timezone.now()) == 0
    for name in ("ticked", "told by its end"):
        send(ground, store, client, [at(ground, 20, BEYOND)], known=known, device=name)
        each_crossing_has_its_event(ground, name)
    assert believed(ground, "ticked") == believed(ground, "told by its end")
    assert visits(ground, "ticked") == visits(ground, "told by its end")
    [dwelled] = [data for kind, data in events(ground, "ticked") if kind == "geofence.dwelled"]
    assert dwelled["dwell_s"] == 300


def test_a_phone_that_sends_its_past_is_waited_for(ground, store, known, client):
    """It was inside half an hour ago and its next fixes are on their way: nobody knows yet how long it stayed."""
    publish(ground, {"east": LONG}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 30, IN_EAST)], known=known)
    now = timezone.now()
    assert tell_of_stays(now=now) == 0
    assert tell_of_stays(now=now + timedelta(minutes=2)) == 1


def test_a_late_fix_that_shortens_a_stay_withdraws_what_was_told_of_it(ground, store, known, client):
    publish(ground, {"east": LONG}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 30, IN_EAST)], known=known)
    tell_of_stays(now=timezone.now() + timedelta(minutes=2))
    send(ground, store, client, [at(ground, 26, BEYOND)], known=known)
    assert stays(ground, "van") == [("east", 30 * 60, 28 * 60)]
    assert ("withdrawn", None, "east") in ways(ground, "van")
    assert [row[-1] for row in visits(ground, "van")] == [None]
    each_crossing_has_its_event(ground, "van")


def test_a_late_fix_that_moves_a_stay_moves_what_was_told_of_it(ground, store, known, client):
    publish(ground, {"east": LONG}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 34, IN_WEST), at(ground, 30, IN_EAST)], known=known)
    tell_of_stays(now=timezone.now() + timedelta(minutes=2))
    send(ground, store, client, [at(ground, 33, IN_EAST)], known=known)
    [*_, (kind, data)] = [one for one in events(ground, "van") if one[1]["cause"] == "time"]
    assert (kind, data["withdrawn"], data["dwell_s"]) == ("crossing.corrected", False, 300)
    assert [row[0] for row in believed(ground, "van")] == ["crossed", "dwelled"]
    each_crossing_has_its_event(ground, "van")


# --- deletion ---


def test_deleting_a_device_takes_its_crossings_along_also_those_written_meanwhile(
    ground, store, known, client
):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 40, IN_EAST)], known=known)
    device = Device.objects.for_environment(ground.environment_id).get()
    stretch = ground.stretch([ground.envelope("van", [at(ground, 38, BEYOND)])])
    with store.transaction():
        walk(Batch(stretch.lane, stretch.units, ground.now_us), store, known)
        # the consumer has read the row as not deleted, and has yet to commit
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tracker_device SET deleted_at = now() WHERE id = %s", [device.pk])
    assert visits(ground, "van") != []
    sweep_deleted(now=timezone.now())
    assert (visits(ground, "van"), ways(ground, "van"), events(ground, "van")) == ([], [], [])


def test_a_deleted_device_leaves_no_crossing_behind(ground, store, known, client):
    publish(ground, {"east": EAST}, ground.now_us - HOUR)
    send(ground, store, client, [at(ground, 14, IN_WEST), at(ground, 10, IN_EAST)], known=known)
    send(ground, store, client, [at(ground, 12, IN_WEST)], known=known)  # with a correction
    assert delete_device(Device.objects.for_environment(ground.environment_id).get(), now=timezone.now())
    assert (visits(ground, "van"), ways(ground, "van"), events(ground, "van")) == ([], [], [])
