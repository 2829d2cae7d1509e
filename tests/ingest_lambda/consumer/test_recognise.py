"""Who reports: keys, environments and devices, under races, renames, deletions and revocations."""

import threading

import pytest

from ingest_lambda.consume import consume
from ingest_lambda.report import DeviceInfo, RefusedPosition
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.consumer.ground import SECOND, fix

pytestmark = pytest.mark.django_db

PHONE = DeviceInfo("Phone of Ann", "Pixel 8", "Android 15", "1.0")


def device(ground, name):
    (row,) = ground.rows(
        "SELECT name, model, os, app_version FROM tracker_device WHERE environment_id = %s AND external_id = %s",
        ground.environment_id,
        name,
    )
    return row


def test_two_workers_that_register_the_same_devices_agree_on_them(ground, edge_url, client):
    forth = [ground.envelope(f"d{n}", [fix(ground.now_us - n * SECOND)]) for n in range(50)]
    back = [ground.envelope(f"d{n}", [fix(ground.now_us - n * SECOND - 1)]) for n in reversed(range(50))]
    stretches = [ground.stretch(forth, lane="loc:901"), ground.stretch(back, lane="loc:902")]
    start, failures = threading.Barrier(2), []

    def work(stretch):
        try:
            with connect(edge_url) as connection:
                start.wait(10)
                consume(stretch, Store(connection), Known(), client, now_us=ground.now_us)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(stretch,)) for stretch in stretches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert ground.outcomes() == {"accepted": 100}
    assert ground.rows(
        "SELECT count(*)::int FROM tracker_device WHERE environment_id = %s", ground.environment_id
    ) == [(50,)]


def test_what_a_device_says_about_itself_is_kept_and_follows_it(ground, store, known, client):
    for info in (PHONE, DeviceInfo(None, None, "Android 16", "1.1")):
        consume(
            ground.stretch([ground.envelope("a", [fix(ground.now_us)], info=info)]),
            *(store, known, client),
            now_us=ground.now_us,
        )
    assert device(ground, "a") == ("Phone of Ann", "Pixel 8", "Android 16", "1.1")


def test_a_name_a_person_gave_is_never_overwritten_by_the_device(ground, store, known, client):
    def report(info, memory):
        consume(
            ground.stretch([ground.envelope("a", [fix(ground.now_us)], info=info)]),
            *(store, memory, client),
            now_us=ground.now_us,
        )

    report(PHONE, known)
    ground.change("UPDATE tracker_device SET name = 'Van 7' WHERE environment_id = %s", ground.environment_id)
    for memory in (known, Known()):
        report(DeviceInfo("Phone of Bob", None, None, None), memory)
    assert device(ground, "a")[0] == "Van 7"


def test_the_same_words_again_cost_no_update(ground, store, known, client):
    def report(memory):
        consume(
            ground.stretch([ground.envelope("a", [fix(ground.now_us)], info=PHONE)]),
            *(store, memory, client),
            now_us=ground.now_us,
        )
        return ground.rows(
            "SELECT xmin::text FROM tracker_device WHERE environment_id = %s", ground.environment_id
        )

    first = report(known)
    assert report(known) == first
    assert report(Known()) == first


def test_a_deleted_devices_reports_are_quarantined_at_once_and_stored_again_once_it_is_restored(
    ground, store, known, client
):
    def report(seconds):
        consume(
            ground.stretch([ground.envelope("a", [fix(ground.now_us + seconds * SECOND)])]),
            *(store, known, client),
            now_us=ground.now_us,
        )

    report(0)
    ground.change(
        "UPDATE tracker_device SET deleted_at = now() WHERE environment_id = %s", ground.environment_id
    )
    report(1)
    assert ground.outcomes() == {"accepted": 1, "quarantined device_deleted": 1}
    ground.change(
        "UPDATE tracker_device SET deleted_at = NULL WHERE environment_id = %s", ground.environment_id
    )
    report(2)
    assert ground.outcomes() == {"accepted": 2, "quarantined device_deleted": 1}
    assert len(ground.positions("a")) == 2


def test_a_device_whose_row_went_is_registered_anew(ground, store, known, client):
    for second in range(2):
        consume(
            ground.stretch([ground.envelope("a", [fix(ground.now_us + second * SECOND)])]),
            *(store, known, client),
            now_us=ground.now_us,
        )
        ground.change("DELETE FROM tracker_devicestate WHERE environment_id = %s", ground.environment_id)
        ground.change("DELETE FROM tracker_device WHERE environment_id = %s", ground.environment_id)
    assert ground.outcomes() == {"accepted": 2}


def test_a_revoked_keys_reports_are_quarantined_two_seconds_later_at_most(ground, store, known, client):
    def report(now_us):
        consume(ground.stretch([ground.envelope("a", [fix(now_us)])]), store, known, client, now_us=now_us)

    report(ground.now_us)
    ground.change("UPDATE tracker_key SET revoked_at = now() WHERE id = %s", ground.key_id)
    report(ground.now_us + 2 * SECOND + 1)
    assert ground.outcomes() == {"accepted": 1, "quarantined key_revoked": 1}


def test_a_key_of_another_environment_opens_nothing(ground, store, known, client):
    ground.key_id += 1_000_000
    refused = [RefusedPosition(1, "bad_latitude", "91", "{}")]
    consume(
        ground.stretch([ground.envelope("a", [fix(ground.now_us)], refused=refused)]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    assert ground.outcomes() == {"quarantined key_revoked": 2}
    assert ground.rows("SELECT 1 FROM tracker_device WHERE environment_id = %s", ground.environment_id) == []


def test_a_report_for_a_removed_environment_is_parked_not_lost(ground, store, known, client):
    stranger = ground.envelope("a", [fix(ground.now_us)])
    other = ground.environment_id
    ground.environment_id = 2**40
    homeless = ground.envelope("a", [fix(ground.now_us)])
    ground.environment_id = other
    done = consume(ground.stretch([homeless, stranger]), store, known, client, now_us=ground.now_us)
    assert (done.parked, ground.outcomes()) == (1, {"accepted": 1})


def test_last_use_of_a_key_is_written_once_a_minute(ground, store, known, client):
    def used(now_us):
        consume(ground.stretch([ground.envelope("a", [fix(now_us)])]), store, known, client, now_us=now_us)
        return ground.rows("SELECT last_used_at FROM tracker_key WHERE id = %s", ground.key_id)[0][0]

    first = used(ground.now_us)
    assert first is not None
    assert used(ground.now_us + 30 * SECOND) == first
    assert used(ground.now_us + 61 * SECOND) > first


def test_names_of_every_kind_are_devices_of_their_own(ground, store, known, client):
    names = [" ", "a" * 200, "Ω≈ç√∫", "'; DROP TABLE tracker_device; --", "\u202e", "👩‍🚒", "NULL"]
    consume(
        ground.stretch([ground.envelope(name, [fix(ground.now_us)]) for name in names]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    found = ground.rows(
        "SELECT external_id FROM tracker_device WHERE environment_id = %s", ground.environment_id
    )
    assert sorted(row[0] for row in found) == sorted(names)
