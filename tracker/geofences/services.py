"""Writes on drafts: a geofence made, changed, taken out. Drafts decide nothing until they are published."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction

from tracker.geofences.comparison import FACETS
from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersionMember
from tracker.geofences.shape_facts import MOST_GEOFENCES, NewShape
from tracker.tenants.models import User

LOCKS = 0x4D47_0000_0000_0000  # the family of these advisory locks: "MG"


class TooManyGeofences(Exception):
    """The set would hold more than MOST_GEOFENCES."""


class ExternalIdTaken(Exception):
    """Another geofence of the environment has this external id."""


@contextmanager
def the_set(environment_id: int) -> Iterator[None]:
    """A transaction in which nobody else changes this environment's drafts or publishes them.

    Without it two uploads of one file would make everything twice, and of two publishes one would be lost.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCKS + environment_id])
        yield


def create_geofence(environment_id: int, new: NewShape, *, by: User | None) -> Geofence:
    """A geofence with its first draft. Raises ExternalIdTaken, TooManyGeofences."""
    with the_set(environment_id):
        rows = Geofence.objects.for_environment(environment_id)
        if rows.exclude(draft=None).count() >= MOST_GEOFENCES:
            raise TooManyGeofences
        held = rows.filter(external_id=new.external_id).first() if new.external_id is not None else None
        if held is not None and (held.draft_id is not None or published_shape(held) is not None):
            raise ExternalIdTaken
        # one that was taken out long ago comes back under its old id
        geofence = held or Geofence.objects.create(environment_id=environment_id, external_id=new.external_id)
        return _draft(geofence, row_of(geofence, new, by))


def change_geofence(geofence: Geofence, new: NewShape, *, by: User | None) -> Geofence:
    """Give it another draft; one that says the same as the draft or the published shape is that shape."""
    with the_set(geofence.environment_id):
        fresh = Geofence.objects.for_environment(geofence.environment_id).get(pk=geofence.pk)
        if new.external_id != fresh.external_id:
            _rename(fresh, new.external_id)
        same = same_as(row_of(fresh, new, by), _known_shapes(fresh))
        return _draft(fresh, same or row_of(fresh, new, by))


def take_out(geofence: Geofence) -> None:
    """End it with the next publish; one that was never published is gone at once."""
    rows = Geofence.objects.for_environment(geofence.environment_id).filter(pk=geofence.pk)
    with the_set(geofence.environment_id):
        members = GeofenceVersionMember.objects.for_environment(geofence.environment_id)
        if members.filter(geofence_id=geofence.pk).exists():
            rows.update(draft=None)
        else:
            rows.delete()


def discard_draft(geofence: Geofence) -> None:
    """Back to what is published; one that was never published is gone."""
    with the_set(geofence.environment_id):
        shape = published_shape(geofence)
        rows = Geofence.objects.for_environment(geofence.environment_id).filter(pk=geofence.pk)
        if shape is None:
            rows.delete()
        else:
            rows.update(draft=shape)


def _draft(geofence: Geofence, shape: GeofenceShape) -> Geofence:
    if shape._state.adding:
        shape.save(force_insert=True)
    Geofence.objects.for_environment(geofence.environment_id).filter(pk=geofence.pk).update(draft=shape)
    geofence.draft = shape
    return geofence


def _rename(geofence: Geofence, external_id: str | None) -> None:
    rows = Geofence.objects.for_environment(geofence.environment_id)
    if external_id is not None and rows.filter(external_id=external_id).exists():
        raise ExternalIdTaken
    rows.filter(pk=geofence.pk).update(external_id=external_id)
    geofence.external_id = external_id


def _known_shapes(geofence: Geofence) -> list[GeofenceShape]:
    found = [geofence.draft, published_shape(geofence)]
    return [shape for shape in found if shape is not None]


def published_shape(geofence: Geofence) -> GeofenceShape | None:
    """Its shape in the newest version."""
    members = GeofenceVersionMember.objects.for_environment(geofence.environment_id)
    newest = members.order_by("-version__number").values("version_id")[:1]
    member = members.filter(geofence_id=geofence.pk, version_id__in=newest).select_related("shape").first()
    return member.shape if member else None


def same_as(row: GeofenceShape, shapes: Iterable[GeofenceShape]) -> GeofenceShape | None:
    """The one of `shapes` that says what `row` says, if any."""
    for shape in shapes:
        if all(getattr(shape, facet) == getattr(row, facet) for facet in FACETS):
            return shape
    return None


def row_of(geofence: Geofence, new: NewShape, by: User | None) -> GeofenceShape:
    """The shape as a row that is not stored yet."""
    rules, outline = new.rules, new.outline
    values: dict[str, Any] = {
        "geometry": GEOSGeometry(memoryview(outline.geometry.wkb), srid=4326),
        "metadata": dict(rules.metadata or {}),
    }
    return GeofenceShape(
        environment_id=geofence.environment_id,
        geofence=geofence,
        name=rules.name,
        kind=outline.kind,
        source=outline.source,
        radius_m=outline.radius_m,
        area_m2=outline.area_m2,
        margin_m=rules.margin_m,
        dwell_s=rules.dwell_s,
        alert_on_enter=rules.alert_on_enter,
        alert_on_exit=rules.alert_on_exit,
        colour=rules.colour,
        made_by=by,
        **values,
    )
