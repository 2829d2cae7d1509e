"""Who reports: keys, environments and devices, under races, renames, deletions and revocations."""

import threading
from uuid import UUID

import msgspec
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


def of_device(ground, name, columns):
    (row,) = ground.rows(
        f"SELECT {columns} FROM tracker_device WHERE environment_id = %s AND external_id = %s",
        *(ground.environment_id, name),
    )
    return row


def test_a_device_whose_speeds_are_in_another_unit_is_read_in_that_one(ground, store, known, client):
    """Its app's form says knots, its owner says metres a second; a form that states no unit is left as it is."""

    def report(seconds, speed_unit):
        envelope = ground.envelope("a", [fix(ground.now_us + seconds * SECOND, speed_mps=10 * 1852 / 3600)])
        envelope = msgspec.structs.replace(envelope, speed_unit=speed_unit)
        consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)

    report(0, "knots")
    ground.change(
        "UPDATE tracker_device SET speed_unit = 'mps' WHERE environment_id = %s", ground.environment_id
    )
    report(1, "knots")
    report(2, "")
    report(3, "mps")
    speeds = ground.rows(
        "SELECT round(speed_mps::numeric, 3)::float FROM tracker_position WHERE environment_id = %s"
        " ORDER BY recorded_at",
        ground.environment_id,
    )
    assert [row[0] for row in speeds] == [5.144, 10.0, 5.144, 5.144]


def test_the_form_a_device_reports_in_is_kept_up_to_date_and_costs_nothing_while_it_stays(
    ground, store, known, client
):
    seen = []
    for form in ("overland", "overland", "traccar"):
        envelope = msgspec.structs.replace(ground.envelope("a", [fix(ground.now_us)]), format=form)
        consume(ground.stretch([envelope]), store, known, client, now_us=ground.now_us)
        seen.append(of_device(ground, "a", "wire_format, xmin::text"))
    assert [form for form, _ in seen] == ["overland", "overland", "traccar"]


def test_a_message_that_is_no_known_form_leaves_the_devices_form_as_it_is(ground, store, known, client):
    refused = [RefusedPosition(0, "unrecognised", "this is no form known here", "[]")]
    good = msgspec.structs.replace(
        ground.envelope("a", [fix(ground.now_us)]), format="owntracks", speed_unit="kmh"
    )
    bad = msgspec.structs.replace(ground.envelope("a", [], refused=refused), format="unrecognised")
    for together in ([good], [bad], [good, bad]):
        consume(ground.stretch(together), store, known, client, now_us=ground.now_us)
        assert of_device(ground, "a", "wire_format") == ("owntracks/kmh",)


def test_a_request_of_no_device_registers_nothing_and_is_listed(ground, store, known, client):
    refused = [RefusedPosition(0, "unrecognised", "this is no form known here", "[]")]
    envelopes = [ground.envelope("", [], refused=refused), ground.envelope("", [fix(ground.now_us)])]
    consume(ground.stretch(envelopes), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"quarantined unrecognised": 1, "quarantined missing_device_id": 1}
    assert ground.rows("SELECT 1 FROM tracker_device WHERE environment_id = %s", ground.environment_id) == []
    kept = ground.rows(
        "SELECT device_id, external_id FROM tracker_setasidereport WHERE environment_id = %s",
        ground.environment_id,
    )
    assert kept == [(None, "")] * 2


def by_certificate(ground, uid, fixes):
    """What the bridge, or the IoT rule, puts on the stream: no environment, no key, the device's public id."""
    envelope = ground.envelope(f"dev_{uid}", fixes)
    return msgspec.structs.replace(envelope, environment_id=0, key_id=0, channel="mqtt")


def certify(ground, name, *, expires="1 day"):
    ground.change(
        """INSERT INTO tracker_devicecertificate
            (uid, environment_id, device_id, serial, sha256, content, issued_at, expires_at)
        SELECT gen_random_uuid(), environment_id, id, md5(random()::text), '', '', now(), now() + %s::interval
        FROM tracker_device WHERE environment_id = %s AND external_id = %s""",
        *(expires, ground.environment_id, name),
    )


def test_a_device_known_by_its_certificate_is_the_one_known_by_its_name(ground, store, known, client):
    def report(memory, seconds, sender):
        sent = by_certificate(ground, sender, [fix(ground.now_us + seconds * SECOND)])
        return consume(ground.stretch([sent]), store, memory, client, now_us=ground.now_us + seconds * SECOND)

    consume(
        ground.stretch([ground.envelope("van 7", [fix(ground.now_us)])]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    uid = of_device(ground, "van 7", "replace(uid::text, '-', '')")[0]
    report(known, 1, uid)
    assert ground.outcomes() == {"accepted": 1, "quarantined key_revoked": 1}
    certify(ground, "van 7", expires="-1 day")
    certify(ground, "van 7")
    report(known, 4, uid)
    assert ground.outcomes() == {"accepted": 2, "quarantined key_revoked": 1}
    assert len(ground.positions("van 7")) == 2
    ground.change("UPDATE tracker_devicecertificate SET revoked_at = now() WHERE device_id IS NOT NULL")
    report(known, 7, uid)
    assert ground.outcomes() == {"accepted": 2, "quarantined key_revoked": 2}
    for stranger in ("0" * 32, "x", "", "00"):
        assert report(known, 8, stranger).parked == 1
    assert ground.outcomes() == {"accepted": 2, "quarantined key_revoked": 2}


def test_a_poisoned_message_by_certificate_is_parked_for_its_environment(ground, store, known, client):
    consume(
        ground.stretch([ground.envelope("van", [fix(ground.now_us)])]),
        *(store, known, client),
        now_us=ground.now_us,
    )
    uid = of_device(ground, "van", "replace(uid::text, '-', '')")[0]
    certify(ground, "van")
    poison = fix(ground.now_us + SECOND, extra='{"a":"\\u0000"}')
    sent = [
        by_certificate(ground, uid, [poison]),
        by_certificate(ground, uid, [fix(ground.now_us + 2 * SECOND)]),
    ]
    consume(ground.stretch(sent), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 2, "quarantined dead_letter": 1}


def test_a_callers_own_trace_id_leads_to_our_request(ground, store, known, client):
    theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
    envelope = ground.envelope("a", [fix(ground.now_us)])
    ours = msgspec.structs.replace(
        envelope, traceparent=f"00-{envelope.request_id.hex()}-00f067aa0ba902b7-01"
    )
    traced = ground.envelope("a", [fix(ground.now_us + SECOND)])
    traced = msgspec.structs.replace(traced, traceparent=f"00-{theirs}-00f067aa0ba902b7-01")
    broken = msgspec.structs.replace(ground.envelope("a", [fix(ground.now_us)]), traceparent="nonsense")
    for _ in range(2):
        consume(ground.stretch([ours, traced, broken]), store, known, client, now_us=ground.now_us)
    found = ground.rows(
        "SELECT trace_id, request_id FROM tracker_tracedrequest WHERE environment_id = %s",
        ground.environment_id,
    )
    assert found == [(UUID(theirs), UUID(bytes=traced.request_id))]
    ground.change("DELETE FROM tracker_tracedrequest WHERE environment_id = %s", ground.environment_id)
