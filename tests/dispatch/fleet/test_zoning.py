"""To which hub a place belongs: by published shapes, the deeper zone first, borders inside, nonsense nowhere."""

import math
from datetime import UTC, datetime

from dispatch.fleet.models import Hub
from dispatch.fleet.zoning import hub_for
from tests.dispatch.fleet.ground import a_hub
from tests.tracker.geofences.drawing import a_square
from tracker.geofences.publishing import publish
from tracker.geofences.services import create_geofence, take_out

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def border_of(geofence):
    (x0, y0, x1, y1) = geofence.draft.geometry.extent
    return (x0, y0), ((x0 + x1) / 2, (y0 + y1) / 2)


def test_places_belong_to_the_hub_whose_published_area_holds_them(box):
    inner, other = (
        create_geofence(box.pk, a_square(name, east=n), by=None) for n, name in ((0, "A"), (3, "B"))
    )
    corner, centre = border_of(inner)
    _, elsewhere = border_of(other)
    top = a_hub(box, "Top", kind="region", geofence=inner)
    zone = a_hub(box, "Zone", top, geofence=inner)
    far = a_hub(box, "Far", geofence=other)
    places = [centre, corner, elsewhere, (0.0, 0.0), (math.nan, 1.0), (math.inf, 1.0), (200.0, 95.0)]
    assert hub_for(box, places) == [None] * 7  # nothing is published yet
    publish(box.pk, now=NOW)
    assert hub_for(box, places) == [zone.pk, zone.pk, far.pk, None, None, None, None]
    assert hub_for(box, []) == []
    Hub.objects.for_environment(box).filter(pk=zone.pk).update(retired_at=NOW)
    assert hub_for(box, [centre]) == [top.pk]
    take_out(inner)
    publish(box.pk, now=NOW.replace(hour=9))
    assert hub_for(box, [centre, elsewhere]) == [None, far.pk]


def test_thousands_of_places_cost_no_more_queries_than_one(box, django_assert_num_queries):
    area = create_geofence(box.pk, a_square("A"), by=None)
    publish(box.pk, now=NOW)
    hub = a_hub(box, "Zone", geofence=area)
    _, centre = border_of(area)
    hub_for(box, [centre])
    with django_assert_num_queries(2):
        assert hub_for(box, [centre] * 5000) == [hub.pk] * 5000
