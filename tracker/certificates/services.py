"""Writes on certificates: issue, sign a request, revoke. The broker is told after the commit."""

import logging
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tracker.certificates import announcement
from tracker.certificates.authority import key_of_request, key_pem, new_key, pem
from tracker.certificates.broker_files import AuthorityFiles
from tracker.certificates.models import DeviceCertificate
from tracker.devices.models import Device
from tracker.tenants.models import User

MOST_IN_FORCE = 10  # of one device at once: enough to change them over, few enough to overlook none
logger = logging.getLogger(__name__)


class TooManyInForce(Exception):
    """The device holds MOST_IN_FORCE certificates already; one must be revoked first."""


class NoSuchDevice(Exception):
    """The device was deleted meanwhile."""


@dataclass(frozen=True)
class Issued:
    """A new certificate. The private key exists only here, and not at all where the device brought its own."""

    row: DeviceCertificate
    certificate: bytes  # PEM, as the next two
    private_key: bytes | None
    trusted: bytes  # the authorities by which a device knows the broker


def authority_files() -> AuthorityFiles:
    """Where the authority lies."""
    return AuthorityFiles(settings.CA_CERT, settings.CA_KEY)


def issue_certificate(
    device: Device, *, by: User | None, now: datetime, request: bytes | None = None
) -> Issued:
    """A certificate in the device's name, for a new key or for that of a signing `request` (PEM).

    Raises NoAuthority, BadRequestForCertificate, TooManyInForce, NoSuchDevice.
    """
    authorities = authority_files().read()
    key = new_key() if request is None else None
    public = key_of_request(request or b"") if key is None else key.public_key()
    with transaction.atomic():
        _hold(device, now)
        certificate = authorities[0].signed_for_device(
            device.public_id,
            public,
            now=now,
            lasts=settings.CERTIFICATE_LASTS,
        )
        content = certificate.public_bytes(serialization.Encoding.DER)
        row = DeviceCertificate.objects.create(
            environment_id=device.environment_id,
            device=device,
            serial=f"{certificate.serial_number:x}",
            sha256=sha256(content).digest(),
            content=content,
            issued_by=by,
            expires_at=certificate.not_valid_after_utc,
        )
    _log("certificate issued", row, device, by)
    trusted = pem(*(each.certificate for each in authorities))
    return Issued(row, pem(certificate), None if key is None else key_pem(key), trusted)


def revoke_certificate(certificate: DeviceCertificate, *, by: User | None, now: datetime) -> bool:
    """End a certificate for good. True where it was not revoked before; the broker refuses it within seconds."""
    rows = DeviceCertificate.objects.for_environment(certificate.environment_id)
    ended = rows.filter(pk=certificate.pk, revoked_at=None).update(revoked_at=now)
    if ended:
        transaction.on_commit(announcement.tell)
        _log("certificate revoked", certificate, certificate.device, by)
    return bool(ended)


def revoke_all_of(device: Device, *, now: datetime) -> int:
    """End every certificate of a device, as when it is deleted; returns how many."""
    rows = DeviceCertificate.objects.for_environment(device.environment_id)
    ended = rows.filter(device=device, revoked_at=None).update(revoked_at=now)
    if ended:
        transaction.on_commit(announcement.tell)
    return ended


def _hold(device: Device, now: datetime) -> None:
    """Lock the device's row, so that of two who issue at once the second counts the first's."""
    devices = Device.objects.for_environment(device.environment_id)
    if not devices.select_for_update().filter(pk=device.pk, deleted_at=None).exists():
        raise NoSuchDevice
    rows = DeviceCertificate.objects.for_environment(device.environment_id)
    if rows.filter(Q(device=device) & in_force(now)).count() >= MOST_IN_FORCE:
        raise TooManyInForce


def in_force(now: datetime) -> Q:
    """Neither revoked nor run out."""
    return Q(revoked_at=None, expires_at__gt=now)


def _log(what: str, row: DeviceCertificate, device: Device, by: User | None) -> None:
    facts = {"certificate": row.public_id, "serial": row.serial, "device": device.public_id}
    logger.info(what, extra=facts | {"environment_id": row.environment_id, "user_id": by.pk if by else None})
