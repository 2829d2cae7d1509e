"""Keeps for every device at the broker what its driver goes by, and nothing where there is nothing.

What should be there follows from manifests in force and from who carries which device; what is there stands in
PushedManifest. The two are compared again and again, so a device that changes hands, a broker that was away and a
planner that was killed between publishing and writing it down all end the same. One pusher works at a time: an old
version can never come after a newer one.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connection, transaction

from dispatch.manifests.carriers import CARRIERS, Carrier, NotCarried
from dispatch.manifests.models import ManifestVersion, PushedManifest
from tracker.devices.models import Device
from tracker.tenants import scope

WHY = "the pusher takes every customer's manifests"
BATCH = 100
PAUSE = timedelta(seconds=5)  # after the broker refused
NOT_OLDER = timedelta(days=3)
ONE_AT_A_TIME = 0x6D696C65  # of PostgreSQL's advisory locks
logger = logging.getLogger(__name__)

# What a driver goes by: what is under way, else what comes next. Nothing for a device that nobody carries.
WANTED = """
    SELECT DISTINCT ON (h.device_id) h.environment_id, h.device_id, m.id AS manifest_id, m.version
    FROM dispatch_manifest m
    JOIN dispatch_deviceholding h
        ON h.environment_id = m.environment_id AND h.driver_id = m.driver_id AND h.until IS NULL
    WHERE m.state IN ('released', 'acknowledged', 'in_progress') AND m.service_date >= %(oldest)s
    ORDER BY h.device_id, (m.state = 'in_progress') DESC, m.service_date, m.id"""
DIFFERENT = f"""
    SELECT coalesce(w.environment_id, p.environment_id), coalesce(w.device_id, p.device_id), w.manifest_id, w.version
    FROM ({WANTED}) w
    FULL JOIN dispatch_pushedmanifest p ON p.environment_id = w.environment_id AND p.device_id = w.device_id
    WHERE (%(all)s AND w.device_id IS NOT NULL)
        OR (w.manifest_id, w.version) IS DISTINCT FROM (p.manifest_id, nullif(p.number, 0))
    ORDER BY 4 NULLS FIRST, 2 LIMIT %(limit)s"""  # noqa: S608  of our own parts


class Due(NamedTuple):
    """A device whose topic is to hold that version; without a manifest, nothing."""

    environment_id: int
    device_id: int
    manifest_id: int | None
    version: int | None


class Pusher:
    """Brings the broker up to date. Not for several threads."""

    def __init__(self, carrier: Carrier | None = None) -> None:
        kind = CARRIERS.get(settings.MANIFEST_BROKER)
        self._carrier: Carrier | None = carrier or (kind() if kind else None)
        self._not_before: datetime | None = None
        self.failing_since: datetime | None = None

    def push_waiting(self, *, now: datetime) -> int:
        """Say what the broker does not have yet; how many messages it took. Failures are logged, and tried again."""
        if self._carrier is None or (self._not_before is not None and now < self._not_before):
            return 0
        taken = 0
        with transaction.atomic(), scope.scope(unscoped=WHY):
            if not _alone():
                return 0
            try:
                # a broker that was away may have lost what it kept: over a new connection all of it is said again
                for one in self._due(now, everything=self._carrier.connect()):
                    self._push(one, now)
                    taken += 1
                self._failed(None, now)
            except NotCarried as failure:
                self._failed(failure, now)
        return taken

    def close(self) -> None:
        """Be done with the broker."""
        if self._carrier is not None:
            self._carrier.close()

    def _due(self, now: datetime, *, everything: bool = False) -> list[Due]:
        limit = None if everything else BATCH
        oldest = (now - NOT_OLDER).date()
        with connection.cursor() as cursor:
            cursor.execute(DIFFERENT, {"oldest": oldest, "all": everything, "limit": limit})
            return [Due(*row) for row in cursor.fetchall()]

    def _push(self, one: Due, now: datetime) -> None:
        """One message; written down once the broker has it. Raises NotCarried."""
        assert self._carrier is not None  # noqa: S101  asked before
        device = Device.objects.for_environment(one.environment_id).get(pk=one.device_id)
        topic = f"devices/{device.public_id}/manifest"
        rows = PushedManifest.objects.for_environment(one.environment_id)
        if one.manifest_id is None or one.version is None:
            self._carrier.keep(topic, b"")
            rows.filter(device=device).delete()
            return
        versions = ManifestVersion.objects.for_environment(one.environment_id)
        given = versions.get(manifest=one.manifest_id, number=one.version)
        self._carrier.keep(topic, msgspec.json.encode(given.document))
        if not rows.filter(device=device).update(
            manifest_id=one.manifest_id, number=one.version, pushed_at=now
        ):
            PushedManifest.objects.create(
                environment_id=one.environment_id,
                device=device,
                manifest_id=one.manifest_id,
                number=one.version,
                pushed_at=now,
            )
        versions.filter(pk=given.pk, pushed_at=None).update(pushed_at=now)

    def _failed(self, failure: NotCarried | None, now: datetime) -> None:
        if failure is None:
            self.failing_since = self._not_before = None
            return
        assert self._carrier is not None  # noqa: S101  asked before
        self._carrier.close()
        self._not_before = now + PAUSE
        if self.failing_since is None:
            self.failing_since = now
            logger.error("manifests are not pushed", extra={"reason": str(failure)[:200]})


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        return bool(cursor.fetchone()[0])
