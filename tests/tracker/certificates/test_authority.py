"""The authority alone: what it signs holds, what it must not sign it refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tracker.certificates.authority import (
    Authority,
    BadRequestForCertificate,
    authorities_in,
    broker_names,
    key_of_request,
    key_pem,
    new_key,
    pem,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DEVICE = "dev_" + "a" * 32
YEAR = timedelta(days=365)


def a_request(key, name="whoever"):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key, algorithm)
        .public_bytes(serialization.Encoding.PEM)
    )


def test_a_device_certificate_bears_its_id_and_is_for_clients_alone():
    authority = Authority.made(now=NOW)
    certificate = authority.signed_for_device(DEVICE, new_key().public_key(), now=NOW, lasts=YEAR)
    assert authority.has_signed(certificate)
    assert certificate.subject.rfc4514_string() == f"CN={DEVICE}"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc == NOW + YEAR
    assert not Authority.made(now=NOW).has_signed(certificate)


def test_no_certificate_outlives_its_authority():
    authority = Authority.made(now=NOW)
    certificate = authority.signed_for_device(
        DEVICE, new_key().public_key(), now=NOW, lasts=timedelta(days=36_500)
    )
    assert certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_a_renewed_authority_vouches_for_what_it_signed_before():
    authority = Authority.made(now=NOW)
    later = NOW + timedelta(days=8 * 365)
    assert not authority.wants_renewal(now=NOW + YEAR)
    assert authority.wants_renewal(now=later)
    before = authority.signed_for_device(DEVICE, new_key().public_key(), now=NOW, lasts=YEAR)
    renewed = authority.renewed(now=later)
    assert renewed.has_signed(before)
    assert not renewed.wants_renewal(now=later)
    # and a device that only has the old copy knows what the renewed one signs
    after = renewed.signed_for_broker(["localhost"], new_key().public_key(), now=later)
    assert authority.has_signed(after)


def test_a_broker_is_named_by_hosts_and_addresses():
    names = ["mqtt.example.com", "127.0.0.1", "::1"]
    certificate = Authority.made(now=NOW).signed_for_broker(names, new_key().public_key(), now=NOW)
    assert broker_names(certificate) == names


def test_the_list_names_what_was_revoked():
    authority = Authority.made(now=NOW)
    revoked = authority.revocations({5: NOW, 2**150: NOW}, now=NOW)
    assert revoked.get_revoked_certificate_by_serial_number(5) is not None
    assert revoked.get_revoked_certificate_by_serial_number(2**150) is not None
    assert revoked.get_revoked_certificate_by_serial_number(6) is None


def test_authorities_are_read_with_their_keys_in_the_order_of_the_certificates():
    first, second = Authority.made(now=NOW), Authority.made(now=NOW)
    certificates = pem(first.certificate, second.certificate)
    found = authorities_in(certificates, key_pem(second.key) + key_pem(first.key))
    assert [each.certificate for each in found] == [first.certificate, second.certificate]
    with pytest.raises(ValueError, match="no private key for"):
        authorities_in(certificates, key_pem(first.key))


def test_a_key_written_by_another_tool_is_read():
    authority = Authority.made(now=NOW)
    text = authority.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert b"BEGIN EC PRIVATE KEY" in text
    assert len(authorities_in(pem(authority.certificate), text)) == 1


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_requests_with_good_keys_are_signed(curve):
    key = ec.generate_private_key(curve)
    assert key_of_request(a_request(key)) == key.public_key()


def test_an_rsa_request_is_signed():
    key = rsa.generate_private_key(65537, 2048)
    assert key_of_request(a_request(key)) == key.public_key()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"", "not a certificate signing request"),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "not a certificate",
        ),
        (b"x" * 20_000, "larger than"),
        (a_request(ed25519.Ed25519PrivateKey.generate()), "not accepted"),
        (a_request(ec.generate_private_key(ec.SECP224R1())), "not accepted"),
        (a_request(rsa.generate_private_key(65537, 1024)), "not accepted"),
    ],
)
def test_requests_that_cannot_be_signed_are_refused_with_the_reason(request_, words):
    with pytest.raises(BadRequestForCertificate, match=words):
        key_of_request(request_)


def test_a_request_signed_with_another_key_is_refused():
    text = a_request(new_key())
    request = x509.load_pem_x509_csr(text)
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    place = der.find(b"whoever")
    der[place : place + 7] = b"whoeven"
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(BadRequestForCertificate, match="own key"):
        key_of_request(forged)
