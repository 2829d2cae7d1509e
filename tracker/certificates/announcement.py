"""Tells the brokers which certificates ended: signed lists and names, in Redis, where each broker's keeper looks.

The form is the edge's (`ingest_lambda/broker/door.py`). A list is signed anew only when what it must say has changed,
so that a broker reads its files again for a reason.
"""

import logging
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from tracker.certificates.authority import pem
from tracker.certificates.broker_files import AuthorityFiles, NoAuthority
from tracker.certificates.models import DeviceCertificate
from tracker.http.connections import redis_client
from tracker.tenants import scope
from tracker.tenants.identifiers import public_id

DOCUMENT, VERSION = "edge:certificates", "edge:certificates:version"
LOCK = 0x4D50_0C71  # an advisory lock: who read the database later must also write later
# What ended this long ago has long been cut; and a list need not name what a broker refuses as run out anyway, which
# it does by its own clock.
TOLD_FOR = timedelta(days=1)
MOST_TOLD = 5000
WHY = "a broker serves all tenants"

logger = logging.getLogger(__name__)


class Told(msgspec.Struct):
    """What stands in Redis: the lists (PEM), and serial and device of each certificate that ended lately."""

    version: str
    revoked: str
    ended: list[tuple[str, str]]


def tell() -> None:
    """Publish now. What fails here is mended by the tick, seconds later."""
    try:
        publish(now=timezone.now())
    except Exception as error:  # a revocation stands in the database whether or not a broker can be told yet
        logger.warning("the broker is not told yet, the next tick will", extra={"reason": str(error)})


def publish(*, now: datetime) -> str:
    """Put what brokers must know into Redis where it differs from what is there; returns its version.

    Empty where there is no authority, as on AWS, where IoT Core keeps the certificates.
    """
    try:
        authorities = AuthorityFiles(settings.CA_CERT, settings.CA_KEY).read()
    except NoAuthority:
        return ""
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        revoked, ended = _revoked(now), _ended(now)
        marks = [each.certificate.serial_number for each in authorities]
        version = blake2b(repr((marks, revoked, ended)).encode(), digest_size=16).hexdigest()
        client = redis_client(settings.REDIS_URL)
        if client.get(VERSION) == version.encode() and client.exists(DOCUMENT):
            return version
        serials = {int(serial, 16): when for serial, when in revoked}
        lists = pem(*(each.revocations(serials, now=now) for each in authorities))
        told = Told(version, lists.decode(), ended)
        client.mset({DOCUMENT: msgspec.json.encode(told), VERSION: version})
    logger.info("the brokers are told", extra={"version": version, "revoked": len(revoked)})
    return version


def _revoked(now: datetime) -> list[tuple[str, datetime]]:
    rows = DeviceCertificate.objects.unscoped(WHY).filter(
        revoked_at__isnull=False, expires_at__gt=now - TOLD_FOR
    )
    found = rows.order_by("pk").values_list("serial", "revoked_at")
    return [(serial, when) for serial, when in found if when is not None]


def _ended(now: datetime) -> list[tuple[str, str]]:
    since = now - TOLD_FOR
    rows = DeviceCertificate.objects.unscoped(WHY).filter(
        Q(revoked_at__gt=since) | Q(expires_at__gt=since, expires_at__lte=now)
    )
    found = rows.order_by("-pk").values_list("serial", "device__uid")[:MOST_TOLD]
    return [(serial, public_id("dev", uid)) for serial, uid in found]
