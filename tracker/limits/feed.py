"""Tells every door what it must know of the database: one small document that they poll every few seconds.

Its form is the edge's (`ingest_lambda/feed.py`). It stands in Redis under two keys that change together, the
document and its version; a door reads the version and fetches the document only when that is new. With
MILEPOST_EDGE_FEED_URL=s3://bucket/key[?region=…&endpoint=…] it also lies there, for doors that reach no Redis.
"""

import logging
import time
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, Func, TextField
from django.db.models.functions import Cast

from tracker.devices.models import Device
from tracker.http.connections import redis_client
from tracker.keys.models import Key
from tracker.privacy.models import ErasureRequest
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant

DOCUMENT, VERSION = "edge:feed", "edge:feed:version"
LOCK = 0x4D50_FEED  # an advisory lock: who read the database later must also write later
ENVIRONMENT_FACTS = (
    "accuracy_bound_m",
    "speed_bound_mps",
    "retention_days",
    "reports_per_second",
    "key_reports_per_second",
    "registrations_per_second",
    "intake",
)
WHY = "the edge serves all tenants"
_EACH_REFUSED = Func("refused_keys", function="jsonb_array_elements_text", output_field=TextField())

logger = logging.getLogger(__name__)


def changed() -> None:
    """Something that doors must know changes in this transaction: they are told once it is committed."""
    transaction.on_commit(tell)


def tell() -> None:
    """Publish now. What fails here is mended by the tick, and the consumer asks the database anyway."""
    try:
        publish()
    except Exception as error:  # a customer's change must not fail because a door cannot be told yet
        logger.warning("the doors are not told yet, the next tick will", extra={"reason": str(error)})


def publish() -> str:
    """Write the document as the database is now where it differs from the one that is out; returns its version.

    Raises what Redis and S3 raise. Of two that run at once the one that reads later writes later.
    """
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        version, document = compose(time.time())
        _to_redis(version, document)
        if settings.EDGE_FEED_URL:
            _to_s3(settings.EDGE_FEED_URL, version, document)
    return version


def compose(now_s: float) -> tuple[str, bytes]:
    """The version of what the database says, and the document, made at epoch second `now_s`."""
    facts: dict[str, Any] = {
        "revoked_keys": _revoked_keys(),
        "tenants": {
            str(tenant): {"reports_per_second": limit}
            for tenant, limit in Tenant.objects.order_by("pk").values_list("pk", "reports_per_second")
        },
        "environments": _environments(),
    }
    version = blake2b(msgspec.json.encode(facts), digest_size=16).hexdigest()
    return version, msgspec.json.encode({"version": version, "made_at": round(now_s, 3), **facts})


def _revoked_keys() -> list[int]:
    rows = Key.objects.unscoped(WHY).filter(kind=Key.Kind.PUBLISHABLE, revoked_at__isnull=False)
    # of environments that were erased: the rows are gone, but the texts are still in somebody's app
    erased = ErasureRequest.objects.unscoped(WHY).annotate(key=Cast(_EACH_REFUSED, BigIntegerField()))
    return sorted(number for (number,) in rows.values_list("pk").union(erased.values_list("key")))


def _environments() -> dict[str, dict[str, Any]]:
    rows = Environment.objects.unscoped(WHY).order_by("pk")
    found = {
        str(row[0]): {"tenant": row[1], **dict(zip(ENVIRONMENT_FACTS, row[2:], strict=True))}
        for row in rows.values_list("pk", "tenant_id", *ENVIRONMENT_FACTS)
    }
    devices = Device.objects.unscoped(WHY).exclude(speed_unit="").filter(deleted_at=None)
    told = devices.order_by("environment_id", "external_id")
    for environment, external_id, unit in told.values_list("environment_id", "external_id", "speed_unit"):
        if str(environment) in found:  # else made while we read
            found[str(environment)].setdefault("speed_units", {})[external_id] = unit
    return found


def _to_redis(version: str, document: bytes) -> None:
    client = redis_client(settings.REDIS_URL)
    if client.get(VERSION) != version.encode() or not client.exists(DOCUMENT):
        client.mset({DOCUMENT: document, VERSION: version})


def _to_s3(url: str, version: str, document: bytes) -> None:
    # half a second and 30 MB that only installations on AWS pay
    import boto3  # noqa: PLC0415
    from botocore.exceptions import ClientError  # noqa: PLC0415

    parts = urlsplit(url)
    place = {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    client = boto3.client("s3", region_name=given.get("region"), endpoint_url=given.get("endpoint"))
    try:
        there = client.head_object(**place)["Metadata"].get("version")
    except ClientError:  # not there yet, or not to be looked at: writing it says which
        there = None
    if there != version:
        client.put_object(
            **place, Body=document, ContentType="application/json", Metadata={"version": version}
        )
