"""Publishing: drafts become a version that decides, all at once; and going back to an earlier version."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from django.db import transaction
from django.db.models import OuterRef, Subquery

from tracker.geofences.models import Geofence, GeofenceVersion, GeofenceVersionMember
from tracker.geofences.retirement import hold_set, retire
from tracker.geofences.selectors import draft_ids_of, latest_version, shape_ids_of, version_by_number
from tracker.geofences.services import the_set
from tracker.live.announce import announce_geofences
from tracker.tenants.models import User

NOTICE = timedelta(seconds=1)  # consumers look for a new version with each batch, and one takes less
SHORTEST = timedelta(microseconds=1)  # between two versions: no instant may belong to both


class NothingToPublish(Exception):
    """The version would say what the newest one says."""


class NoSuchVersion(Exception):
    """There is no version of that number."""


def publish(
    environment_id: int,
    *,
    now: datetime,
    by: User | None = None,
    note: str = "",
    only: Collection[Geofence] | None = None,
) -> GeofenceVersion:
    """Make the drafts decide every fix recorded from a second after `now` on.

    `only`: the drafts of these geofences; all others stay as in the newest version. Raises NothingToPublish.
    """
    with _nobody_deciding(environment_id, now) as now:
        latest = latest_version(environment_id)
        before, after = shape_ids_of(latest), draft_ids_of(environment_id)
        if only is not None:
            named = {geofence.pk for geofence in only}
            after = {key: shape for key, shape in after.items() if key in named} | {
                key: shape for key, shape in before.items() if key not in named
            }
        if after == before:
            raise NothingToPublish
        return _make(environment_id, latest, after, now=now, by=by, note=note)


def roll_back(
    environment_id: int, number: int, *, now: datetime, by: User | None = None, note: str = ""
) -> GeofenceVersion:
    """A new version with the shapes of version `number`; drafts of published geofences become these shapes, too.

    Geofences that were never published keep their drafts. Raises NoSuchVersion, NothingToPublish.
    """
    with _nobody_deciding(environment_id, now) as now:
        latest, earlier = latest_version(environment_id), version_by_number(environment_id, number)
        if earlier is None:
            raise NoSuchVersion
        after = shape_ids_of(earlier)
        if after == shape_ids_of(latest):
            raise NothingToPublish
        version = _make(environment_id, latest, after, now=now, by=by, note=note, restores=number)
        _reset_drafts(version)
        return version


@contextmanager
def _nobody_deciding(environment_id: int, now: datetime) -> Iterator[datetime]:
    """The set for ourselves, consumers that decide crossings kept waiting until we commit; gives the time by then.

    A batch that is under way decides by the versions it saw. Had we waited for it and kept the old `now`, fixes
    recorded meanwhile would belong to the new version and be decided by the old one.
    """
    begun = monotonic()
    with the_set(environment_id):
        hold_set(environment_id)
        yield now + timedelta(seconds=int(monotonic() - begun))


def _make(
    environment_id: int,
    latest: GeofenceVersion | None,
    members: dict[int, int],
    *,
    now: datetime,
    by: User | None,
    note: str,
    restores: int | None = None,
) -> GeofenceVersion:
    effective_at = now + NOTICE
    if latest is not None:
        effective_at = max(effective_at, latest.effective_at + SHORTEST)
    version = GeofenceVersion.objects.create(
        environment_id=environment_id,
        number=latest.number + 1 if latest else 1,
        effective_at=effective_at,
        published_at=now,
        published_by=by,
        note=note,
        restores=restores,
    )
    GeofenceVersionMember.objects.unscoped("rows made here, each with its environment").bulk_create(
        [
            GeofenceVersionMember(
                environment_id=environment_id, version=version, geofence_id=geofence_id, shape_id=shape_id
            )
            for geofence_id, shape_id in members.items()
        ],
        batch_size=2000,
    )
    retire(version, now=now)
    transaction.on_commit(partial(announce_geofences, environment_id, version.number))
    return version


def _reset_drafts(version: GeofenceVersion) -> None:
    """Drafts of every geofence that ever was in a version become what this version says of it, or nothing."""
    members = GeofenceVersionMember.objects.for_environment(version.environment_id)
    said = members.filter(version=version, geofence=OuterRef("pk")).values("shape_id")[:1]
    ever = Geofence.objects.for_environment(version.environment_id).filter(
        pk__in=members.values("geofence_id")
    )
    ever.update(draft=Subquery(said))
