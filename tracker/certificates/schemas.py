"""Certificates as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from django.conf import settings
from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.certificates.models import DeviceCertificate
from tracker.certificates.selectors import certificate_pem, state_of
from tracker.certificates.services import Issued
from tracker.devices.schemas import DeviceId
from tracker.http.times import Moment, moment_text

CertificateId = Annotated[str, Meta(examples=["crt_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
Pem = Annotated[str, Meta(examples=["-----BEGIN CERTIFICATE-----\n…"])]


class CertificateDocument(Struct):
    """A certificate of a device."""

    id: CertificateId
    device_id: DeviceId
    serial: Annotated[str, Meta(description="Hexadecimal.", examples=["5f0c4b1e9d3a4f7b"])]
    sha256: Annotated[str, Meta(description="Fingerprint of the DER form, hexadecimal.")]
    state: Annotated[
        Literal["in_force", "revoked", "expired"],
        Meta(description="`revoked` and `expired` ones are refused by the broker."),
    ]
    issued_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    certificate: Annotated[Pem, Meta(description="PEM.")]


class Broker(Struct):
    """Where and how the device reports."""

    host: str
    port: int
    publish: Annotated[str, Meta(examples=["devices/dev_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f/positions"])]
    manifest: Annotated[str, Meta(description="Read only, retained.")]
    owntracks: Annotated[str, Meta(description="Any name may stand for the `+`.")]


class IssuedDocument(Struct):
    """A new certificate with what a device needs to use it."""

    certificate: CertificateDocument
    private_key: Annotated[
        str | None,
        Meta(
            description="PEM (PKCS #8). Only in this answer: it is stored nowhere. null where you sent a `csr`."
        ),
    ]
    ca_certificate: Annotated[Pem, Meta(description="By which the device knows our broker.")]
    mqtt: Broker


class CertificatePage(Struct):
    """Certificates of a device, newest first."""

    data: list[CertificateDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class CertificateWish(Struct, forbid_unknown_fields=True):
    """What to issue."""

    csr: Annotated[
        str | UnsetType | None,
        Meta(
            description="A certificate signing request (PEM) of a key the device made itself: P-256, P-384, P-521, "
            "or RSA with 2048 to 4096 bits. The names in it are ignored. Without it, we make the key."
        ),
    ] = UNSET


def certificate_document(row: DeviceCertificate, *, now: datetime) -> CertificateDocument:
    """A certificate, its device loaded, as the API shows it at `now`."""
    return CertificateDocument(
        id=row.public_id,
        device_id=row.device.public_id,
        serial=row.serial,
        sha256=bytes(row.sha256).hex(),
        state=state_of(row, now=now),  # type: ignore[arg-type]  # one of the three
        issued_at=moment_text(row.issued_at),
        expires_at=moment_text(row.expires_at),
        revoked_at=moment_text(row.revoked_at) if row.revoked_at else None,
        certificate=certificate_pem(row).decode(),
    )


def issued_document(issued: Issued, *, now: datetime) -> IssuedDocument:
    """What the one answer says that holds the private key."""
    device = issued.row.device.public_id
    return IssuedDocument(
        certificate_document(issued.row, now=now),
        issued.private_key.decode() if issued.private_key is not None else None,
        issued.trusted.decode(),
        Broker(
            settings.MQTT_PUBLIC_HOST,
            settings.MQTT_TLS_PORT,
            f"devices/{device}/positions",
            f"devices/{device}/manifest",
            f"owntracks/{device}/+",
        ),
    )
