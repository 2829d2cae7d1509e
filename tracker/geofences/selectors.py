"""Reads on geofences: the drafts, the published versions, the one in force."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from tracker.devices.models import DeviceState
from tracker.geofences.comparison import Difference, compare
from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersion, GeofenceVersionMember
from tracker.geofences.references import reference_in

STATES = ("new", "changed", "published", "retiring")  # see `state_of`


def latest_version(environment_id: int) -> GeofenceVersion | None:
    """The newest version, which is in force or about to be."""
    return GeofenceVersion.objects.for_environment(environment_id).order_by("-number").first()


def version_at(environment_id: int, at: datetime) -> GeofenceVersion | None:
    """The version that decides fixes recorded at that time."""
    rows = GeofenceVersion.objects.for_environment(environment_id)
    return rows.filter(effective_at__lte=at).order_by("-number").first()


def version_by_number(environment_id: int, number: int) -> GeofenceVersion | None:
    """One version."""
    rows = GeofenceVersion.objects.for_environment(environment_id).select_related("published_by")
    return rows.filter(number=number).first() if number <= 2**31 - 1 else None


def versions_before(environment_id: int, before: int | None, limit: int) -> list[GeofenceVersion]:
    """Versions, the newest first; `before` is the number the last page ended with."""
    rows = GeofenceVersion.objects.for_environment(environment_id).select_related("published_by")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return list(rows.order_by("-number")[:limit])


def shapes_of(version: GeofenceVersion | None) -> dict[int, GeofenceShape]:
    """Its shapes by geofence, in the order of their names; none of no version."""
    if version is None:
        return {}
    shapes = _shapes(version.environment_id).filter(
        pk__in=GeofenceVersionMember.objects.for_environment(version.environment_id)
        .filter(version_id=version.pk)
        .values("shape_id")
    )
    return {shape.geofence_id: shape for shape in shapes}


def shape_ids_of(version: GeofenceVersion | None) -> dict[int, int]:
    """Row numbers only: of the shape by that of its geofence."""
    if version is None:
        return {}
    rows = GeofenceVersionMember.objects.for_environment(version.environment_id).filter(version_id=version.pk)
    return dict(rows.values_list("geofence_id", "shape_id"))


def draft_ids_of(environment_id: int) -> dict[int, int]:
    """The same of the drafts."""
    rows = Geofence.objects.for_environment(environment_id).exclude(draft=None)
    return {geofence_id: shape_id for geofence_id, shape_id in rows.values_list("pk", "draft_id") if shape_id}


def drafts_of(environment_id: int) -> dict[int, GeofenceShape]:
    """What the next publish of everything would take, by geofence, in the order of names."""
    shapes = _shapes(environment_id).filter(
        pk__in=Geofence.objects.for_environment(environment_id).exclude(draft=None).values("draft_id")
    )
    return {shape.geofence_id: shape for shape in shapes}


def unpublished(environment_id: int) -> Difference:
    """From the newest version to the drafts: what a publish would change."""
    return compare(shapes_of(latest_version(environment_id)), drafts_of(environment_id))


def difference(environment_id: int, number: int, against: int | None) -> Difference | None:
    """From version `against` (None: the one before, or nothing) to `number`; None where one does not exist."""
    version = version_by_number(environment_id, number)
    earlier = version_by_number(environment_id, number - 1 if against is None else against)
    if version is None or (earlier is None and against is not None):
        return None
    return compare(shapes_of(earlier), shapes_of(version))


def somewhere(environment_id: int) -> dict[str, float] | None:
    """Where a map without any geofence may begin: at the device that was seen last."""
    rows = DeviceState.objects.for_environment(environment_id).order_by("-recorded_at")
    place = rows.values_list("longitude", "latitude").first()
    return None if place is None else {"longitude": place[0], "latitude": place[1], "zoom": 11.0}


def geofences_known(environment_id: int) -> QuerySet[Geofence]:
    """Every geofence with a draft or a place in the newest version; each with its `published_shape_id`."""
    latest = latest_version(environment_id)
    members = GeofenceVersionMember.objects.for_environment(environment_id).filter(
        version_id=latest.pk if latest else None, geofence_id=OuterRef("pk")
    )
    rows = Geofence.objects.for_environment(environment_id).select_related("draft")
    return rows.annotate(in_force=Exists(members)).filter(Q(in_force=True) | ~Q(draft=None))


def geofences_after(
    environment_id: int,
    *,
    after: int | None = None,
    limit: int,
    text: str | None = None,
    external_id: str | None = None,
) -> list[Geofence]:
    """Geofences in the order they were made; `text` is looked for in names and external ids."""
    rows = geofences_known(environment_id)
    if external_id is not None:
        rows = rows.filter(external_id=external_id)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return with_published(environment_id, _matching(environment_id, rows, text).order_by("pk")[:limit])


def geofences_matching(environment_id: int, text: str) -> QuerySet[Geofence]:
    """For the console's list."""
    return _matching(environment_id, geofences_known(environment_id), text)


def find_geofence(environment_id: int, reference: str) -> Geofence | None:
    """The geofence with that reference, as long as it has a draft or is in force."""
    named = reference_in(reference)
    if named is None:
        return None
    found = with_published(environment_id, geofences_known(environment_id).filter(**named)[:1])
    return found[0] if found else None


def with_published(environment_id: int, geofences: Iterable[Geofence]) -> list[Geofence]:
    """The geofences, each with `published`: its shape in the newest version, or None."""
    found = list(geofences)
    latest = latest_version(environment_id)
    members = GeofenceVersionMember.objects.for_environment(environment_id).filter(
        version_id=latest.pk if latest else None, geofence_id__in=[one.pk for one in found]
    )
    shapes = {member.geofence_id: member.shape for member in members.select_related("shape")}
    for one in found:
        one.published = shapes.get(one.pk)  # type: ignore[attr-defined]  # read by published_of alone
    return found


def published_of(geofence: Geofence) -> GeofenceShape | None:
    """Its shape in the newest version, as `with_published` found it."""
    shape: GeofenceShape | None = getattr(geofence, "published", None)
    return shape


def state_of(geofence: Geofence) -> str:
    """One of STATES. changed: the draft differs from what is published; retiring: the next publish ends it."""
    published = published_of(geofence)
    if published is None:
        return "new"
    if geofence.draft is None:
        return "retiring"
    return "published" if geofence.draft.pk == published.pk else "changed"


def _matching(environment_id: int, rows: QuerySet[Geofence], text: str | None) -> QuerySet[Geofence]:
    if not text:
        return rows
    latest = latest_version(environment_id)
    named = GeofenceVersionMember.objects.for_environment(environment_id).filter(
        version_id=latest.pk if latest else None, geofence_id=OuterRef("pk"), shape__name__icontains=text
    )
    found = Q(external_id__icontains=text) | Q(draft__name__icontains=text) | Q(Exists(named))
    return rows.filter(found)


def _shapes(environment_id: int) -> QuerySet[GeofenceShape]:
    rows = GeofenceShape.objects.for_environment(environment_id)
    return rows.select_related("geofence").order_by("name", "geofence_id")
