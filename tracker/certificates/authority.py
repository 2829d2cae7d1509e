"""Our certificate authority: makes itself, signs devices, the broker and revocations. Pure X.509, no files."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Long, because every device holds a copy: a device that sleeps in a drawer for a year still knows the broker.
AUTHORITY_LASTS = timedelta(days=3650)
# A renewed authority keeps its key and name, so copies of the old certificate stay good until they run out. Every
# device certificate ends before that, and with each new one a device gets the newest copy.
AUTHORITY_RENEWED_BEFORE = timedelta(days=3 * 365)
BROKER_LASTS = timedelta(days=397)  # what phones accept of a server at most
BROKER_RENEWED_BEFORE = timedelta(days=60)
# A list that runs out would shut out every device. It is pushed within seconds of a change, so its age proves nothing.
REVOCATIONS_LAST = timedelta(days=3650)
SKEW = timedelta(
    hours=1
)  # a device whose clock is a little behind must not find its certificate in the future
LONGEST_CSR_BYTES = 16 * 1024
RSA_BITS = range(2048, 4097)
PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----\n?", re.DOTALL
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class BadRequestForCertificate(ValueError):
    """A certificate signing request that cannot be signed; the message says why."""


@dataclass(frozen=True)
class Authority:
    """A certificate that may sign, and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def made(cls, *, now: datetime) -> "Authority":
        """A new one, with a name of its own so that two never get mixed up."""
        key = ec.generate_private_key(ec.SECP256R1())
        mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Milepost"),
                x509.NameAttribute(NameOID.COMMON_NAME, f"Milepost device authority {mark}"),
            ]
        )
        return cls(_self_signed(name, key, now), key)

    def renewed(self, *, now: datetime) -> "Authority":
        """The same name and key under a certificate that begins now."""
        return Authority(_self_signed(self.certificate.subject, self.key, now), self.key)

    def wants_renewal(self, *, now: datetime) -> bool:
        """Whether it ends too soon to sign what must outlive nothing of it."""
        return self.certificate.not_valid_after_utc - now < AUTHORITY_RENEWED_BEFORE

    def signed_for_device(
        self, public_id: str, key: PublicKey, *, now: datetime, lasts: timedelta
    ) -> x509.Certificate:
        """A client certificate in the device's name; it never outlives the authority."""
        ends = min(now + lasts, self.certificate.not_valid_after_utc)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, public_id)])
        return self._signed(name, key, now, ends, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def signed_for_broker(
        self, names: Sequence[str], key: PublicKey, *, now: datetime, lasts: timedelta = BROKER_LASTS
    ) -> x509.Certificate:
        """A server certificate for these host names and addresses, the first of them its common name."""
        ends = min(now + lasts, self.certificate.not_valid_after_utc)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        alternatives = x509.SubjectAlternativeName([_general_name(each) for each in names])
        return self._signed(name, key, now, ends, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def revocations(
        self, revoked: Mapping[int, datetime], *, now: datetime
    ) -> x509.CertificateRevocationList:
        """The signed list of serial numbers no longer in force, each with when it ended."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + REVOCATIONS_LAST)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_issuer_mark(self.key.public_key()), critical=False)
        )
        for serial, when in sorted(revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256())

    def has_signed(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate is its work."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    def _signed(
        self,
        name: x509.Name,
        key: PublicKey,
        begins: datetime,
        ends: datetime,
        usage: x509.ObjectIdentifier,
        alternatives: x509.SubjectAlternativeName | None,
    ) -> x509.Certificate:
        builder = (
            _builder(name, self.certificate.subject, key, begins - SKEW, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_issuer_mark(self.key.public_key()), critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def key_of_request(pem: bytes) -> PublicKey:
    """The public key in a certificate signing request (PEM). Its names are ignored: ours says whose it is.

    Raises BadRequestForCertificate.
    """
    if len(pem) > LONGEST_CSR_BYTES:
        raise BadRequestForCertificate(f"is larger than {LONGEST_CSR_BYTES} bytes")
    try:
        request = x509.load_pem_x509_csr(pem)
        key, genuine = request.public_key(), request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        raise BadRequestForCertificate(
            "is not a certificate signing request in PEM form (-----BEGIN CERTIFICATE REQUEST-----)"
        ) from None
    if not genuine:
        raise BadRequestForCertificate("is not signed with its own key")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    ):
        return key
    raise BadRequestForCertificate(
        "holds a key that is not accepted: use a P-256, P-384 or P-521 key, or RSA with 2048 to 4096 bits"
    )


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key for a device or the broker."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: PrivateKey) -> bytes:
    """The key as PKCS #8 text, without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem(*parts: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Certificates or lists as text, one behind the other."""
    return b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts)


def broker_names(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses a server certificate stands for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in found]


def authorities_in(certificates: bytes, keys: bytes) -> list[Authority]:
    """The authorities in two PEM texts, in the order of the certificates; ValueError where one lacks its key."""
    by_public: dict[bytes, PrivateKey] = {}
    for block in PRIVATE_KEY.findall(keys):
        key = serialization.load_pem_private_key(block, None)
        if not isinstance(key, PrivateKey):
            raise ValueError("the authority's key is neither an elliptic curve nor an RSA key")
        by_public[_public_bytes(key.public_key())] = key
    found = []
    for certificate in x509.load_pem_x509_certificates(certificates):
        mine = by_public.get(_public_bytes(certificate.public_key()))
        if mine is None:
            raise ValueError(f"there is no private key for {certificate.subject.rfc4514_string()}")
        found.append(Authority(certificate, mine))
    return found


def _public_bytes(key: object) -> bytes:
    if not isinstance(key, PublicKey):
        raise ValueError("the authority's certificate holds neither an elliptic curve nor an RSA key")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _self_signed(name: x509.Name, key: PrivateKey, now: datetime) -> x509.Certificate:
    public = key.public_key()
    return (
        _builder(name, name, public, now - SKEW, now + AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: x509.Name, issuer: x509.Name, key: PublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer_mark(key: PublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
