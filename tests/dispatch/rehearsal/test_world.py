"""The made-up day: what its files hold is what the product makes of them, and it begins when a day can."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.fleet.models import Hub
from dispatch.intake.options import Options
from dispatch.intake.reading import read_waiting
from dispatch.intake.services import take_upload
from dispatch.planning.windows import DEFAULTS
from dispatch.rehearsal.world import DOUBTFUL_ROWS, REFUSED_ROWS, World, make_world, zone_at
from dispatch.shipments.authors import system
from dispatch.shipments.models import Shipment
from tracker.tenants import scope

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def a_world(**facts: Any) -> World:
    usual: dict[str, Any] = {
        "shipments": 50,
        "drivers": 6,
        "cities": 3,
        "speed": 60,
        "seed": 1,
        "run": "day-x",
        "now": NOW,
    }
    return make_world(**usual | facts)


def test_every_shipment_and_driver_is_in_one_city():
    world = a_world()
    for total in (world.shipments, world.drivers):
        assert sum(world.in_city(total, city) for city in world.cities) == total
    names = [one.external_id for city in world.cities for one in world.parcels(city, NOW)]
    assert len(set(names)) == world.shipments


def test_the_same_seed_makes_the_same_day_and_another_another():
    first, same, other = (a_world(seed=seed).file(a_world().cities[0], NOW) for seed in (1, 1, 2))
    assert first == same
    assert first != other


@pytest.mark.django_db
def test_a_file_has_as_many_good_doubtful_and_refused_rows_as_the_judge_believes(box):
    world = a_world()
    city = world.cities[0]
    hub = Hub.objects.create(
        environment=box, external_id="z", kind="zone", name=city.name, timezone=world.zone,
        longitude=city.longitude, latitude=city.latitude,
    )  # fmt: skip
    content = world.file(city, NOW + timedelta(minutes=5))
    author = system("test")
    made = take_upload(box.pk, content, Options(), file_name="x.csv", hub=hub, author=author, by=None)
    read_waiting(NOW)
    scope.enter(environment_id=box.pk)
    made.refresh_from_db()
    good = world.in_city(world.shipments, city)
    assert (made.created, made.refused, made.doubtful) == (good + DOUBTFUL_ROWS, REFUSED_ROWS, DOUBTFUL_ROWS)
    doubtful = Shipment.objects.for_environment(box).filter(state_row__place_doubtful=True)
    assert all("-bad-" in str(one.external_id) for one in doubtful), "no good row is left to a person"


@pytest.mark.parametrize("hour", range(24))
def test_it_is_noon_where_the_day_is_played(hour):
    now = NOW.replace(hour=hour, minute=59)
    local = now.astimezone(ZoneInfo(zone_at(now)))
    assert local.hour == 12
    assert all(window <= local.time() for window in DEFAULTS), (
        "none of those that a new zone has comes between"
    )
