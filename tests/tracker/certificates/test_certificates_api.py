"""`/api/v1/devices/{device}/certificates`: issue, list, download, revoke."""

import json
from datetime import UTC, datetime

import pytest
from cryptography import x509

from tests.tracker.caller import a_device, problem
from tests.tracker.certificates.test_authority import a_request
from tracker.certificates.authority import key_of_request, new_key
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.services import MOST_IN_FORCE
from tracker.tenants import scope


@pytest.fixture
def path(device):
    return f"devices/{device.public_id}/certificates"


def issue(api, path, body="{}"):
    answer = api.send("POST", path, body=body if isinstance(body, bytes) else body.encode())
    assert answer.status_code == 201, answer.content
    assert answer["Cache-Control"] == "no-store"
    return json.loads(answer.content)


def rows(device):
    scope.enter(environment_id=device.environment_id)
    return DeviceCertificate.objects.for_environment(device.environment_id)


def test_an_issued_certificate_comes_with_all_a_device_needs(api, device, path, authority, settings):
    settings.MQTT_PUBLIC_HOST, settings.MQTT_TLS_PORT = "mqtt.example.com", 8883
    document = issue(api, path)
    certificate = x509.load_pem_x509_certificate(document["certificate"]["certificate"].encode())
    assert certificate.subject.rfc4514_string() == f"CN={device.public_id}"
    assert "BEGIN PRIVATE KEY" in document["private_key"]
    assert document["ca_certificate"].encode() == authority.certificates.read_bytes()
    assert document["mqtt"] == {
        "host": "mqtt.example.com",
        "port": 8883,
        "publish": f"devices/{device.public_id}/positions",
        "manifest": f"devices/{device.public_id}/manifest",
        "owntracks": f"owntracks/{device.public_id}/+",
    }
    assert document["certificate"]["state"] == "in_force"


def test_the_private_key_is_in_one_answer_alone(api, path, authority):
    document = issue(api, path)
    one = api.get(f"{path}/{document['certificate']['id']}")
    assert b"PRIVATE" not in one.content + api.get(path).content
    assert json.loads(one.content) == document["certificate"]


def test_a_signing_request_keeps_the_key_on_the_device(api, path, device, authority):
    text = a_request(new_key(), name="dev_somebody_else")
    document = issue(api, path, json.dumps({"csr": text.decode()}))
    assert document["private_key"] is None
    certificate = x509.load_pem_x509_certificate(document["certificate"]["certificate"].encode())
    assert certificate.public_key() == key_of_request(text)
    assert certificate.subject.rfc4514_string() == f"CN={device.public_id}"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ('{"csr":"x"}', "invalid_csr", "/csr"),
        ('{"csr":"\\ud800"}', "invalid_json", None),
        ('{"csr":5}', "invalid_field", "/csr"),
        ('{"name":"x"}', "unknown_field", "/name"),
        ("[]", "invalid_body", None),
        ("{", "invalid_json", None),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_and_nothing_is_issued(
    api, path, device, authority, body, code, param
):
    problem(api.send("POST", path, body=body.encode()), 400, code, param)
    assert rows(device).count() == 0


def test_a_body_may_be_left_out(api, path, authority):
    assert issue(api, path, b"")["private_key"]


def test_certificates_are_listed_newest_first_by_pages(api, path, authority):
    made = [issue(api, path)["certificate"]["id"] for _ in range(3)]
    first = api.json(path, limit=2)
    second = api.json(path, limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in first["data"] + second["data"]] == made[::-1]
    assert second["next_cursor"] is None


def test_a_revoked_one_stays_in_the_list_and_may_be_revoked_again(api, path, authority):
    one = issue(api, path)["certificate"]["id"]
    for _ in range(2):
        assert api.delete(f"{path}/{one}").status_code == 204
    document = api.json(f"{path}/{one}")
    assert document["state"] == "revoked"
    assert datetime.fromisoformat(document["revoked_at"]) <= datetime.now(UTC)


def test_too_many_in_force_is_a_conflict_that_says_what_to_do(api, path, authority):
    for _ in range(MOST_IN_FORCE):
        issue(api, path)
    assert "revoke one first" in problem(api.send("POST", path, body=b"{}"), 409, "too_many_certificates")


def test_an_installation_without_an_authority_says_so(api, path, settings, tmp_path):
    settings.CA_CERT = tmp_path / "none"
    detail = problem(api.send("POST", path, body=b"{}"), 503, "certificates_unavailable")
    assert str(tmp_path) not in detail


def test_a_certificate_of_another_device_or_customer_is_not_there(api, rival_api, path, device, authority):
    other = a_device(device.environment, "van-2")
    one = issue(api, path)["certificate"]["id"]
    problem(api.get(f"devices/{other.public_id}/certificates/{one}"), 404, "not_found")
    problem(api.delete(f"devices/{other.public_id}/certificates/{one}"), 404, "not_found")
    for method, address in (
        ("GET", path),
        ("POST", path),
        ("GET", f"{path}/{one}"),
        ("DELETE", f"{path}/{one}"),
    ):
        problem(rival_api.send(method, address, body=b"{}" if method == "POST" else None), 404, "not_found")
    for wrong in ("crt_x", "nonsense", device.public_id):
        problem(api.get(f"{path}/{wrong}"), 404, "not_found")
    assert rows(device).filter(revoked_at=None).count() == 1


def test_a_device_may_be_named_by_its_own_id(api, device, authority):
    a_device(device.environment, "depot/van 3")
    assert issue(api, "devices/external:depot%2Fvan%203/certificates")
    assert len(api.json("devices/external:depot%2Fvan%203/certificates")["data"]) == 1
