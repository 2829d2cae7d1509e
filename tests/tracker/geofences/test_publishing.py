"""Drafts become versions: whole, in order, comparable, and back again."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tracker.geofences.drawing import a_square, square_at
from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersion
from tracker.geofences.publishing import NoSuchVersion, NothingToPublish, publish, roll_back
from tracker.geofences.selectors import (
    difference,
    drafts_of,
    find_geofence,
    latest_version,
    shapes_of,
    state_of,
    unpublished,
    version_at,
)
from tracker.geofences.services import (
    ExternalIdTaken,
    change_geofence,
    create_geofence,
    discard_draft,
    take_out,
)
from tracker.geofences.uploading import Applied, apply_upload

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def names(shapes: dict[int, GeofenceShape]) -> list[str]:
    return [shape.name for shape in shapes.values()]


def found(environment, geofence) -> Geofence:
    again = find_geofence(environment.pk, geofence.public_id)
    assert again is not None
    return again


def test_a_draft_decides_nothing_until_it_is_published(customer):
    made = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    assert latest_version(customer.test.pk) is None
    assert state_of(found(customer.test, made)) == "new"
    version = publish(customer.test.pk, now=NOW, note="first")
    assert (version.number, version.published_at, version.note) == (1, NOW, "first")
    assert version.effective_at == NOW + timedelta(seconds=1)
    assert names(shapes_of(version)) == ["Depot"]
    assert state_of(found(customer.test, made)) == "published"


def test_a_fix_is_decided_by_the_version_in_force_when_it_was_recorded(customer):
    create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    create_geofence(customer.test.pk, a_square("Yard", east=1), by=None)
    publish(customer.test.pk, now=NOW + timedelta(hours=1))
    assert version_at(customer.test.pk, NOW) is None
    first = version_at(customer.test.pk, NOW + timedelta(minutes=30))
    second = version_at(customer.test.pk, NOW + timedelta(hours=2))
    assert (first and first.number, second and second.number) == (1, 2)


def test_versions_published_within_one_second_still_follow_each_other(customer):
    for number in range(3):
        create_geofence(customer.test.pk, a_square(f"Z{number}", east=number), by=None)
        publish(customer.test.pk, now=NOW)
    times = list(
        GeofenceVersion.objects.for_environment(customer.test)
        .order_by("number")
        .values_list("effective_at", flat=True)
    )
    assert times == sorted(set(times))


def test_publishing_what_is_published_already_is_refused(customer):
    with pytest.raises(NothingToPublish):
        publish(customer.test.pk, now=NOW)
    create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    with pytest.raises(NothingToPublish):
        publish(customer.test.pk, now=NOW)


def test_one_geofence_can_be_published_and_the_other_drafts_stay_drafts(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    yard = create_geofence(customer.test.pk, a_square("Yard", east=1), by=None)
    publish(customer.test.pk, now=NOW, only=[depot])
    change_geofence(depot, a_square("Depot two"), by=None)
    version = publish(customer.test.pk, now=NOW + timedelta(minutes=1), only=[yard])
    assert names(shapes_of(version)) == ["Depot", "Yard"]
    assert state_of(found(customer.test, depot)) == "changed"


def test_an_edit_makes_another_shape_and_an_edit_back_is_none(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    change_geofence(depot, a_square("Depot", margin_m=40), by=None)
    [change] = unpublished(customer.test.pk).changed
    assert change.what == ("margin",)
    change_geofence(depot, a_square("Depot"), by=None)
    assert unpublished(customer.test.pk).is_empty
    assert state_of(found(customer.test, depot)) == "published"


def test_taking_a_published_geofence_out_ends_it_with_the_next_version(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    take_out(depot)
    assert state_of(found(customer.test, depot)) == "retiring"
    version = publish(customer.test.pk, now=NOW + timedelta(minutes=1))
    assert shapes_of(version) == {}
    assert find_geofence(customer.test.pk, depot.public_id) is None


def test_one_that_was_never_published_is_gone_at_once(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    take_out(depot)
    assert not Geofence.objects.for_environment(customer.test).exists()


def test_discarding_a_draft_goes_back_to_what_is_published(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    change_geofence(depot, a_square("Other"), by=None)
    discard_draft(depot)
    assert unpublished(customer.test.pk).is_empty


def test_rolling_back_is_a_new_version_with_the_old_shapes(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    publish(customer.test.pk, now=NOW)
    change_geofence(depot, a_square("Wrong"), by=None)
    create_geofence(customer.test.pk, a_square("Added", east=1), by=None)
    publish(customer.test.pk, now=NOW + timedelta(minutes=1))
    create_geofence(customer.test.pk, a_square("Never published", east=2), by=None)
    version = roll_back(customer.test.pk, 1, now=NOW + timedelta(minutes=2))
    assert (version.number, version.restores) == (3, 1)
    assert names(shapes_of(version)) == ["Depot"]
    assert names(drafts_of(customer.test.pk)) == ["Depot", "Never published"]
    with pytest.raises(NothingToPublish):
        roll_back(customer.test.pk, 1, now=NOW + timedelta(minutes=3))
    with pytest.raises(NoSuchVersion):
        roll_back(customer.test.pk, 9, now=NOW)


def test_any_two_versions_can_be_compared(customer):
    depot = create_geofence(customer.test.pk, a_square("Depot"), by=None)
    yard = create_geofence(customer.test.pk, a_square("Yard", east=1), by=None)
    publish(customer.test.pk, now=NOW)
    change_geofence(depot, square_at(73.9, 18.5, name="Depot", colour="#ff0000"), by=None)
    take_out(yard)
    create_geofence(customer.test.pk, a_square("New", east=2), by=None)
    publish(customer.test.pk, now=NOW + timedelta(minutes=1))
    differs = difference(customer.test.pk, 2, against=None)
    assert differs is not None
    assert [shape.name for shape in differs.added] == ["New"]
    assert [shape.name for shape in differs.removed] == ["Yard"]
    assert [(one.after.name, one.what) for one in differs.changed] == [("Depot", ("border", "colour"))]
    back = difference(customer.test.pk, 1, against=2)
    assert back is not None
    assert [shape.name for shape in back.added] == ["Yard"]
    assert difference(customer.test.pk, 7, against=None) is None


def test_an_external_id_is_held_by_one_geofence(customer):
    create_geofence(customer.test.pk, a_square("Depot", external_id="d1"), by=None)
    with pytest.raises(ExternalIdTaken):
        create_geofence(customer.test.pk, a_square("Other", external_id="d1"), by=None)


def test_an_upload_merges_by_external_id_and_can_replace_the_set(customer):
    a, b, c = (a_square(name, east=n, external_id=name) for n, name in enumerate("abc"))
    assert apply_upload(customer.test.pk, [a, b], by=None) == Applied(2, 0, 0, 0)
    other_b = a_square("B!", east=1, external_id="b")
    assert apply_upload(customer.test.pk, [other_b, c], by=None) == Applied(1, 1, 0, 0)
    assert names(drafts_of(customer.test.pk)) == ["B!", "a", "c"]
    publish(customer.test.pk, now=NOW)
    assert apply_upload(customer.test.pk, [a, c], [], by=None) == Applied(0, 0, 2, 1)
    assert names(drafts_of(customer.test.pk)) == ["a", "c"]
    assert [shape.name for shape in unpublished(customer.test.pk).removed] == ["B!"]
