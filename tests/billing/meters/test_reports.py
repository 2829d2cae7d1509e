"""Fixes, devices and evaluations: from the consumer to the usage records, to the unit, whatever happens between."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.meters import services
from billing.meters.models import PullMark
from ingest_lambda import pipeline
from ingest_lambda.consume import consume
from ingest_lambda.failures import LaneMoved, Retriable
from ingest_lambda.redrive import redrive
from ingest_lambda.steps.known import Known
from tests.billing.meters.books import hour_at, records, revisions, slow_recount
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.zoned import Area, publish

pytestmark = pytest.mark.django_db(transaction=True)
AROUND = Area(4.0, 52.0, 6.0, 53.0)
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def nothing_pulled(ground):
    """The mark is no customer's row: a test that commits must not leave it to the next."""
    PullMark.objects.all().delete()
    yield
    ground.change("DELETE FROM billing_usagerecord WHERE environment_id = %s", ground.environment_id)
    PullMark.objects.all().delete()


def now_of(ground, hours=0):
    return datetime.fromtimestamp(ground.now_us / 1_000_000, UTC) + timedelta(hours=hours)


def take(ground, store, known, client, *envelopes):
    return consume(ground.stretch(envelopes), store, known, client, now_us=ground.now_us)


def test_accepted_fixes_and_their_device_are_counted_in_the_hour_they_were_received(
    ground, store, known, client
):
    recorded, received = ground.now_us - DAY, ground.now_us - 3 * HOUR
    fixes = [fix(recorded + i * SECOND, 4.9 + i * 0.0001) for i in range(5)]
    take(ground, store, known, client, ground.envelope("a", fixes, received_at_us=received))
    take(ground, store, known, client, ground.envelope("a", fixes, received_at_us=received + HOUR))
    services.pull(now_of(ground))
    assert records(ground.environment_id) == {
        ("fixes_accepted", hour_at(received)): 5,
        ("active_devices", hour_at(received)): 1,
    }


def test_a_fix_is_evaluated_only_where_geofences_were_in_force(ground, store, known, client):
    start = ground.now_us - 2 * HOUR
    publish(ground, {"around": AROUND}, start + 5 * SECOND)
    fixes = [fix(start + i * SECOND, 4.9 + i * 0.0001) for i in range(10)]
    take(ground, store, known, client, ground.envelope("a", fixes))
    services.pull(now_of(ground))
    assert records(ground.environment_id)["geofence_evaluations", hour_at(ground.now_us)] == 5


def test_a_fix_that_a_late_one_proves_wrong_is_taken_off_its_hour(ground, store, known, client):
    """Three jumps in a row are believed, until what really lay between arrives."""
    start, received = ground.now_us - 5 * HOUR, ground.now_us - 4 * HOUR
    first = [fix(start + i * 10 * SECOND, 4.9) for i in range(3)]
    take(ground, store, known, client, ground.envelope("a", first, received_at_us=received))
    jump = fix(start + 600 * SECOND, 5.3)
    take(ground, store, known, client, ground.envelope("a", [jump], received_at_us=received))
    services.pull(now_of(ground))
    before = records(ground.environment_id)["fixes_accepted", hour_at(received)]
    late = [fix(start + (590 + i) * SECOND, 4.9) for i in range(5)]
    take(ground, store, known, client, ground.envelope("a", late))
    services.pull(now_of(ground))
    found = records(ground.environment_id)
    assert found["fixes_accepted", hour_at(received)] == before - 1
    assert {k: v for k, v in found.items() if k[0] == "fixes_accepted"} == {
        k: v for k, v in slow_recount(ground.environment_id).items() if k[0] == "fixes_accepted"
    }


def test_a_pull_without_news_changes_no_record(ground, store, known, client):
    take(ground, store, known, client, ground.envelope("a", [fix(ground.now_us)]))
    services.pull(now_of(ground))
    before = revisions(ground.environment_id)
    again = services.pull(now_of(ground))
    assert again is not None
    assert revisions(ground.environment_id) == before
    assert set(before.values()) == {1}


def test_more_in_the_same_hour_raises_the_revision(ground, store, known, client):
    for i in range(3):
        take(ground, store, known, client, ground.envelope("a", [fix(ground.now_us - i * SECOND)]))
        services.pull(now_of(ground))
    key = ("fixes_accepted", hour_at(ground.now_us))
    assert records(ground.environment_id)[key] == 3
    assert revisions(ground.environment_id)[key] == 3


def test_deleting_what_was_counted_changes_no_count(ground, store, known, client):
    take(ground, store, known, client, ground.envelope("a", [fix(ground.now_us)]))
    services.pull(now_of(ground))
    before = records(ground.environment_id)
    for table in ("position", "devicestate", "outcomecount"):
        ground.change(f"DELETE FROM tracker_{table} WHERE environment_id = %s", ground.environment_id)
    ground.change("DELETE FROM tracker_device WHERE environment_id = %s", ground.environment_id)
    assert services.recount(ground.environment_id, now_of(ground, -48), now_of(ground)) == 0
    assert records(ground.environment_id) == before


def test_a_letter_driven_again_moves_the_devices_first_hour(ground, store, known, client, monkeypatch):
    """Parked reports are of the hour they were received in, and that may make another hour the first."""
    early, late = ground.now_us - 30 * HOUR, ground.now_us
    month_border = datetime.fromtimestamp(early / SECOND, UTC).month != now_of(ground).month
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "STEPS", (_breaks_early(early), *pipeline.STEPS))
        for number in range(3):  # with others that pass: where nearly everything fails the lane is held
            batch = [ground.envelope(f"other-{number}-{i}", [fix(late)]) for i in range(30)]
            take(ground, store, known, client, *batch)
        broken = ground.envelope("a", [fix(early)], received_at_us=early)
        fine = [ground.envelope(f"fine-{i}", [fix(late)]) for i in range(30)]
        take(ground, store, known, client, broken, ground.envelope("a", [fix(late)]), *fine)
    services.pull(now_of(ground))
    assert records(ground.environment_id)["active_devices", hour_at(late)] == 121
    ground.change(
        "UPDATE tracker_deadletter SET redrive_asked_at = now() WHERE environment_id = %s",
        ground.environment_id,
    )
    redrive(store, client, now_us=ground.now_us)
    services.pull(now_of(ground))
    found = records(ground.environment_id)
    assert found["active_devices", hour_at(early)] == 1
    assert found["active_devices", hour_at(late)] == (121 if month_border else 120)
    assert found["fixes_accepted", hour_at(early)] == 1


def _breaks_early(early):
    def breaks(batch, store, known):
        if any(unit.envelope.received_at_us == early for unit in batch.units):
            raise ValueError("a fault that will be mended")

    return breaks


reports = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 40),  # which instant: the same again is a duplicate, an earlier one is late
        st.integers(0, 5),  # hours ago it was received
        # or the number of the step before which the worker dies; one behind the last is right before the commit
        st.sampled_from(["fine", "twice", "dies behind the commit"]) | st.integers(0, len(pipeline.STEPS)),
    ),
    min_size=1,
    max_size=14,
)


@given(reports=reports, pulls=st.sets(st.integers(0, 13)), zones_at=st.none() | st.integers(0, 40))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_between_two_steps_the_records_equal_a_slow_recount(
    ground, store, client, reports, pulls, zones_at
):
    """Duplicates, late data, deaths between any two steps and behind the commit, pulls and recounts anywhere."""
    _wipe(ground)
    start, known = ground.now_us - 40 * HOUR, Known()
    if zones_at is not None:
        publish(ground, {"around": AROUND}, start + zones_at * 60 * SECOND)
    for number, (device, instant, hours, fate) in enumerate(reports):
        sent = fix(start + instant * 60 * SECOND, 4.9)
        envelope = ground.envelope(device, [sent], received_at_us=ground.now_us - hours * HOUR)
        stretch = ground.stretch([envelope])
        if isinstance(fate, int):
            with pytest.MonkeyPatch.context() as patch:
                steps = pipeline.STEPS
                patch.setattr(pipeline, "STEPS", (*steps[:fate], _dies, *steps[fate:]))
                with pytest.raises(Retriable):
                    consume(stretch, store, known, client, now_us=ground.now_us)
            known = Known()
        consume(stretch, store, known, client, now_us=ground.now_us)
        if fate == "dies behind the commit":
            known = Known()
            with pytest.raises(LaneMoved):
                consume(stretch, store, known, client, now_us=ground.now_us)
        if fate == "twice":
            consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)
        if number in pulls:
            services.pull(now_of(ground))
    services.pull(now_of(ground))
    found = records(ground.environment_id)
    assert found == slow_recount(ground.environment_id)
    assert services.recount(ground.environment_id, now_of(ground, -48), now_of(ground, 1)) == 0
    assert records(ground.environment_id) == found


def _wipe(ground):
    for table in (
        *("geofencecrossing", "geofencevisit", "geofenceversionmember", "geofenceversion", "geofenceshape"),
        *("geofence", "outboxevent", "position", "devicestate", "setasidereport", "outcomecount", "keyuse"),
        *("activedevice", "device"),
    ):
        ground.change(f"DELETE FROM tracker_{table} WHERE environment_id = %s", ground.environment_id)
    ground.change("DELETE FROM billing_usagerecord WHERE environment_id = %s", ground.environment_id)


def _dies(batch, store, known):
    raise Retriable("the worker died")
