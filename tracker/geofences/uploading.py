"""Writes of a whole upload: its shapes become drafts, all of them or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersionMember
from tracker.geofences.services import TooManyGeofences, row_of, same_as, the_set
from tracker.geofences.shape_facts import MOST_GEOFENCES, NewShape
from tracker.tenants.models import User


@dataclass(frozen=True)
class Applied:
    """What an upload did to the drafts, by number of geofences."""

    created: int
    changed: int
    unchanged: int
    taken_out: int


def apply_upload(
    environment_id: int, shapes: Sequence[NewShape], keep: Collection[str] | None = None, *, by: User | None
) -> Applied:
    """Make the shapes drafts. One with an external id that is known changes that geofence, the others are new.

    Where `keep` is given the upload is the whole set: every geofence is taken out that is neither among the shapes
    nor known by one of these external ids (those of refused features, say). Raises TooManyGeofences.
    """
    with the_set(environment_id):
        held = list(Geofence.objects.for_environment(environment_id).select_related("draft"))
        known = {one.external_id: one for one in held if one.external_id is not None}
        merged = [(known[new.external_id], new) for new in shapes if new.external_id in known]
        spared = {geofence.pk for geofence, _ in merged} | {
            known[id_].pk for id_ in keep or () if id_ in known
        }
        others = [one.pk for one in held if one.draft_id is not None and one.pk not in spared]
        if len(shapes) + (len(others) if keep is None else 0) > MOST_GEOFENCES:
            raise TooManyGeofences
        created = _make(environment_id, [new for new in shapes if new.external_id not in known], by)
        changed = _change(merged, by)
        gone = _take_out_all(environment_id, others) if keep is not None else 0
    return Applied(created, changed, len(merged) - changed, gone)


def _make(environment_id: int, shapes: Sequence[NewShape], by: User | None) -> int:
    geofences = Geofence.objects.unscoped("rows made here, each with its environment").bulk_create(
        [Geofence(environment_id=environment_id, external_id=new.external_id) for new in shapes]
    )
    _draft_all(
        [(geofence, row_of(geofence, new, by)) for geofence, new in zip(geofences, shapes, strict=True)]
    )
    return len(geofences)


def _change(pairs: Sequence[tuple[Geofence, NewShape]], by: User | None) -> int:
    """Give those that differ another draft; how many did."""
    different = []
    for geofence, new in pairs:
        row = row_of(geofence, new, by)
        if geofence.draft is None or same_as(row, [geofence.draft]) is None:
            different.append((geofence, row))
    _draft_all(different)
    return len(different)


def _draft_all(pairs: Sequence[tuple[Geofence, GeofenceShape]]) -> None:
    rows = GeofenceShape.objects.unscoped("rows made here, each with its environment")
    rows.bulk_create([shape for _, shape in pairs], batch_size=500)
    # one statement: with a case for each row, nine thousand take half a minute
    newest = (
        GeofenceShape.objects.unscoped("of the outer row's geofence, on the next line")
        .filter(environment=OuterRef("environment"), geofence=OuterRef("pk"))
        .order_by("-pk")
    )
    for environment_id in {geofence.environment_id for geofence, _ in pairs}:
        drawn = Geofence.objects.for_environment(environment_id).filter(pk__in=[one.pk for one, _ in pairs])
        drawn.update(draft=Subquery(newest.values("pk")[:1]))


def _take_out_all(environment_id: int, ids: Sequence[int]) -> int:
    rows = Geofence.objects.for_environment(environment_id).filter(pk__in=ids)
    members = GeofenceVersionMember.objects.for_environment(environment_id).filter(geofence_id__in=ids)
    published = set(members.values_list("geofence_id", flat=True))
    rows.exclude(pk__in=published).delete()
    rows.filter(pk__in=published).update(draft=None)
    return len(ids)
