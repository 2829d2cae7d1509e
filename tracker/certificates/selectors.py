"""Reads about certificates, and about what devices were denied."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography import x509
from django.db.models import Max, QuerySet, Sum

from tracker.certificates.authority import pem
from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device
from tracker.ingestion.models import DeniedPublish
from tracker.tenants.identifiers import BadIdentifier, parse_id

DENIED_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class Denied:
    """How often a device tried to publish where it may not, in the last week; the last topic, and when."""

    count: int
    topic: str
    at: datetime


def certificates_of(device: Device) -> QuerySet[DeviceCertificate]:
    """The device's certificates, newest first."""
    rows = DeviceCertificate.objects.for_environment(device.environment_id)
    return rows.filter(device=device).select_related("issued_by", "device").order_by("-pk")


def certificates_before(device: Device, *, before: int | None, limit: int) -> list[DeviceCertificate]:
    """Up to `limit` certificates, newest first, those older than the row `before`."""
    rows = certificates_of(device)
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


def find_certificate(device: Device, reference: str) -> DeviceCertificate | None:
    """The device's certificate with that public id; None where there is none."""
    try:
        uid: uuid.UUID = parse_id("crt", reference)
    except BadIdentifier:
        return None
    return certificates_of(device).filter(uid=uid).first()


def certificate_pem(certificate: DeviceCertificate) -> bytes:
    """The certificate as text."""
    return pem(x509.load_der_x509_certificate(bytes(certificate.content)))


def state_of(certificate: DeviceCertificate, *, now: datetime) -> str:
    """`in_force`, `revoked` or `expired`."""
    if certificate.revoked_at is not None:
        return "revoked"
    return "in_force" if certificate.expires_at > now else "expired"


def denied_lately(device: Device, *, today: date) -> Denied | None:
    """What the device was denied in the last week; None where nothing was."""
    rows = DeniedPublish.objects.for_environment(device.environment_id).filter(
        device_id=device.pk, day__gt=today - DENIED_SHOWN
    )
    count, at = rows.aggregate(count=Sum("count"), at=Max("last_at")).values()
    last = rows.filter(last_at=at).first() if count else None
    return Denied(count, last.last_topic, at) if last is not None else None
