"""The certificates on the device's page: who may do what, and a private key that is shown once."""

import base64
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from django.urls import reverse

from tests.tracker.certificates.test_authority import a_request
from tests.tracker.pages import Page
from tracker.certificates.authority import new_key
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.services import MOST_IN_FORCE, issue_certificate
from tracker.ingestion.models import DeniedPublish
from tracker.tenants import scope
from tracker.tenants.models import Role

NOW = datetime.now(UTC)
KEY = re.compile(r"-----BEGIN PRIVATE KEY-----\s+([\w+/=\s]+?)-----END")


@pytest.fixture
def issued(device, authority, customer):
    return issue_certificate(device, by=customer.owner, now=NOW).row


def rows(device):
    scope.enter(environment_id=device.environment_id)
    return DeviceCertificate.objects.for_environment(device.environment_id)


def issue(browser, device, **form):
    return browser.post(reverse("console_certificate_issue", args=[device.public_id]), form)


def test_a_new_certificate_comes_with_its_key_in_the_answer_once(
    device, authority, customer, signed_in, caplog
):
    browser = signed_in(customer.owner)
    answer = issue(browser, device)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert Page(text).faults == []
    (key,) = KEY.findall(text)
    row = rows(device).get()
    for page in (reverse("console_device", args=[device.public_id]), reverse("console")):
        assert key.split()[0] not in browser.get(page).content.decode()
    download = browser.get(reverse("console_certificate", args=[device.public_id, row.public_id]))
    assert b"BEGIN CERTIFICATE" in download.content
    assert b"PRIVATE" not in download.content
    assert "attachment" in download["Content-Disposition"]
    assert key.split()[0] not in str(dict(browser.session)) + caplog.text


def test_the_archive_holds_what_a_device_needs(device, authority, customer, signed_in):
    text = issue(signed_in(customer.owner), device).content.decode()
    found = re.search(r"data:application/zip;base64,([\w+/=]+)", text)
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == {"ca.crt", "device.crt", "device.key", "device.p12", "README.txt"}
    readme = files["README.txt"].decode()
    password = re.search(r"password (\w+)", readme)
    assert password is not None
    key, certificate, others = pkcs12.load_key_and_certificates(files["device.p12"], password[1].encode())
    assert key is not None
    assert certificate is not None
    assert len(others) == 1
    assert f"devices/{device.public_id}/positions" in readme
    assert f"owntracks/{device.public_id}/" in readme


def test_a_device_with_a_key_of_its_own_gets_no_other(device, authority, customer, signed_in):
    text = issue(signed_in(customer.owner), device, csr=a_request(new_key()).decode()).content.decode()
    assert KEY.findall(text) == []
    found = re.search(r"data:application/zip;base64,([\w+/=]+)", text)
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
        assert set(archive.namelist()) == {"ca.crt", "device.crt", "README.txt"}


def test_a_request_that_cannot_be_signed_is_refused_beside_the_field(device, authority, customer, signed_in):
    answer = issue(signed_in(customer.owner), device, csr="nonsense")
    assert answer.status_code == 400
    assert "not a certificate signing request" in answer.content.decode()
    assert Page(answer.content.decode()).faults == []
    assert rows(device).count() == 0


def test_too_many_in_force_is_said(device, authority, customer, signed_in):
    for _ in range(MOST_IN_FORCE):
        issue_certificate(device, by=None, now=NOW)
    answer = issue(signed_in(customer.owner), device)
    assert f"{MOST_IN_FORCE} certificates in force" in answer.content.decode()


def test_the_list_says_the_state_of_each(device, issued, customer, signed_in):
    browser = signed_in(customer.owner)
    address = reverse("console_certificate_revoke", args=[device.public_id, issued.public_id])
    page = reverse("console_device", args=[device.public_id])
    assert "In force" in browser.get(page).content.decode()
    assert issued.serial in browser.get(address).content.decode()
    assert rows(device).get().revoked_at is None
    assert browser.post(address)["Location"] == page
    text = browser.get(page).content.decode()
    assert "Revoked" in text
    assert address not in text
    assert Page(text).faults == []
    assert "was revoked before" in browser.post(address, follow=True).content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPERVISOR])
def test_only_admins_issue_and_revoke_and_everybody_may_look(role, device, issued, customer, signed_in):
    browser = signed_in(customer.member(role))
    assert issue(browser, device).status_code == 403
    revoke = reverse("console_certificate_revoke", args=[device.public_id, issued.public_id])
    assert browser.post(revoke).status_code == 403
    page = browser.get(reverse("console_device", args=[device.public_id])).content.decode()
    assert issued.serial[:8] in page
    assert revoke not in page
    assert "Issue a certificate" not in page
    assert rows(device).filter(revoked_at=None).count() == 1


def test_what_a_device_was_denied_is_on_its_page(device, authority, customer, signed_in):
    DeniedPublish.objects.create(
        environment=device.environment, device=device, day=NOW.date(), count=3,
        last_topic="devices/<b>other</b>/positions", last_at=NOW - timedelta(seconds=5),
    )  # fmt: skip
    text = signed_in(customer.owner).get(reverse("console_device", args=[device.public_id])).content.decode()
    assert "<strong>3</strong> publishes" in text
    assert "devices/&lt;b&gt;other&lt;/b&gt;/positions" in text
