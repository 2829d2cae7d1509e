"""Issuing and revoking: whose name a certificate bears, how many there may be, and what the brokers hear."""

import json
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from django.db import connection

from ingest_lambda.broker.denials import DENIED_KEY, Denial
from ingest_lambda.broker.door import CERTIFICATES_KEY, VERSION_KEY, Certificates, check
from tests.tracker.caller import a_device
from tracker.certificates import announcement, denials
from tracker.certificates.broker_files import NoAuthority, make_authority
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.selectors import certificates_of, denied_lately, state_of
from tracker.certificates.services import (
    MOST_IN_FORCE,
    NoSuchDevice,
    TooManyInForce,
    issue_certificate,
    revoke_certificate,
)
from tracker.devices.services import delete_device
from tracker.ingestion.models import DeniedPublish
from tracker.tenants import scope

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def revoked_serials(told):
    data = told.get(announcement.DOCUMENT)
    lists = json.loads(data)["revoked"].encode()
    return {each.serial_number for each in x509.load_pem_x509_crl(lists)}


def test_a_certificate_bears_the_devices_id_and_its_key_is_stored_nowhere(device, authority, customer):
    issued = issue_certificate(device, by=customer.owner, now=NOW)
    certificate = x509.load_pem_x509_certificate(issued.certificate)
    assert certificate.subject.rfc4514_string() == f"CN={device.public_id}"
    assert authority.read()[0].has_signed(certificate)
    row = certificates_of(device).get()
    assert row.serial == f"{certificate.serial_number:x}"
    assert row.issued_by == customer.owner
    assert row.expires_at == certificate.not_valid_after_utc
    assert issued.private_key is not None
    secret = b"".join(issued.private_key.splitlines()[1:-1])
    assert secret not in repr(vars(row)).encode()


def test_without_an_authority_nothing_is_issued(device, settings, tmp_path):
    settings.CA_CERT = tmp_path / "none"
    with pytest.raises(NoAuthority):
        issue_certificate(device, by=None, now=NOW)
    assert certificates_of(device).count() == 0


def test_a_device_holds_a_bounded_number_in_force(device, authority):
    rows = [issue_certificate(device, by=None, now=NOW).row for _ in range(MOST_IN_FORCE)]
    with pytest.raises(TooManyInForce):
        issue_certificate(device, by=None, now=NOW)
    revoke_certificate(rows[0], by=None, now=NOW)
    issue_certificate(device, by=None, now=NOW)
    issue_certificate(a_device(device.environment, "van-2"), by=None, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_issue_the_last_one_at_once_one_is_refused(device, authority):
    with scope.scope(environment_id=device.environment_id):
        for _ in range(MOST_IN_FORCE - 1):
            issue_certificate(device, by=None, now=NOW)
    ends: list[str] = []

    def issue() -> None:
        try:
            with scope.scope(environment_id=device.environment_id):
                issue_certificate(device, by=None, now=NOW)
            ends.append("issued")
        except TooManyInForce:
            ends.append("refused")
        finally:
            connection.close()

    both = [threading.Thread(target=issue) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(timeout=20)
    assert sorted(ends) == ["issued", "refused"]


def test_a_deleted_device_gets_none_and_loses_what_it_has(
    device, authority, told, django_capture_on_commit_callbacks
):
    issued = issue_certificate(device, by=None, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_device(device, now=NOW)
    with pytest.raises(NoSuchDevice):
        issue_certificate(device, by=None, now=NOW)
    assert revoked_serials(told) == {int(issued.row.serial, 16)}


def test_a_revocation_is_told_once_in_the_form_the_broker_reads(
    device, authority, told, django_capture_on_commit_callbacks
):
    kept, ended = (issue_certificate(device, by=None, now=NOW).row for _ in range(2))
    with django_capture_on_commit_callbacks(execute=True):
        assert revoke_certificate(ended, by=None, now=NOW)
    assert (CERTIFICATES_KEY, VERSION_KEY) == (announcement.DOCUMENT, announcement.VERSION)
    document = msgspec.json.decode(told.get(CERTIFICATES_KEY), type=Certificates)
    assert told.get(VERSION_KEY).decode() == document.version
    assert document.ended == [(ended.serial, device.public_id)]
    check(document.revoked.encode(), authority.certificates.read_bytes())
    assert revoked_serials(told) == {int(ended.serial, 16)}
    assert state_of(kept, now=NOW) == "in_force"
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert not revoke_certificate(ended, by=None, now=NOW + DAY)
    assert callbacks == []
    ended.refresh_from_db(from_queryset=DeviceCertificate.objects.for_environment(device.environment))
    assert ended.revoked_at == NOW


def test_a_list_is_signed_anew_only_when_it_says_something_new(device, authority, told):
    row = issue_certificate(device, by=None, now=NOW).row
    first = announcement.publish(now=NOW)
    before = told.get(announcement.DOCUMENT)
    assert announcement.publish(now=NOW + timedelta(hours=1)) == first
    assert told.get(announcement.DOCUMENT) == before
    revoke_certificate(row, by=None, now=NOW)
    assert announcement.publish(now=NOW) != first
    told.delete(announcement.DOCUMENT, announcement.VERSION)
    assert announcement.publish(now=NOW) != first
    assert revoked_serials(told) == {int(row.serial, 16)}


def test_what_ended_by_time_is_told_and_left_out_a_day_later(device, authority, told):
    row = issue_certificate(device, by=None, now=NOW).row
    for now, ended in (
        (row.expires_at - DAY, []),
        (row.expires_at, [(row.serial, device.public_id)]),
        (row.expires_at + 2 * DAY, []),
    ):
        announcement.publish(now=now)
        assert msgspec.json.decode(told.get(CERTIFICATES_KEY), type=Certificates).ended == ended


def test_while_authorities_change_over_each_signs_its_list(device, authority, told):
    row = issue_certificate(device, by=None, now=NOW).row
    first = announcement.publish(now=NOW)
    make_authority(authority, now=NOW, another=True)
    revoke_certificate(row, by=None, now=NOW)
    assert announcement.publish(now=NOW) != first
    document = msgspec.json.decode(told.get(CERTIFICATES_KEY), type=Certificates)
    assert document.revoked.count("BEGIN X509 CRL") == 2
    check(document.revoked.encode(), authority.certificates.read_bytes())


def test_a_redis_that_is_away_does_not_undo_a_revocation(
    device, authority, settings, caplog, django_capture_on_commit_callbacks
):
    row = issue_certificate(device, by=None, now=NOW).row
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    with django_capture_on_commit_callbacks(execute=True):
        assert revoke_certificate(row, by=None, now=NOW)
    assert "the next tick will" in caplog.text
    assert state_of(certificates_of(device).get(), now=NOW) == "revoked"


def denied(device, topic="devices/x/positions", count=1, at=NOW):
    return msgspec.json.encode(Denial(device, count, topic, int(at.timestamp() * 1000)))


def test_denied_publishes_are_counted_by_device_and_day(device, told, rival):
    assert denials.WAITING == DENIED_KEY
    other = a_device(rival.test, "theirs")
    told.rpush(
        DENIED_KEY,
        denied(device.public_id, "later", 3),
        denied(device.public_id, "before", 2, NOW - timedelta(minutes=1)),
        denied(other.public_id, "their\x00s"),
        denied(device.public_id, "old", 5, NOW - 30 * DAY),
        denied("dev_" + "0" * 32),
        denied("nonsense"),
        b"rubbish",
    )
    assert denials.book() == 12
    assert denials.book() == 0
    told.rpush(DENIED_KEY, denied(device.public_id, "last", 1, NOW))
    denials.book()
    found = denied_lately(device, today=NOW.date())
    assert found is not None
    assert (found.topic, found.at) == ("last", NOW)
    assert found.count == 6
    assert DeniedPublish.objects.for_environment(rival.test).get().last_topic == "theirs"
    assert told.llen(DENIED_KEY) == 0


def test_a_device_that_was_denied_nothing_shows_nothing(device):
    assert denied_lately(device, today=NOW.date()) is None
