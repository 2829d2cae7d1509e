"""Routes of a made-up fortnight, replayed: chances said with what was known then turn out about as they say."""

import random
from datetime import timedelta
from io import StringIO
from math import exp

from django.core.management import call_command

from dispatch.fleet.models import Driver
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.metrics.back_test import back_test
from dispatch.shipments.models import Shipment, ShipmentState
from tests.dispatch.fleet.ground import NOW, PUNE, a_driver, a_hub

STOPS, DRIVERS, DAYS = 12, 6, 12


def a_fortnight(box):
    """Every route is planned with ten-minute legs and three minutes at the door; real days are slower, each its own."""
    rng = random.Random(17)
    hub = a_hub(box, "Pune")
    drivers = [a_driver(hub, f"D{n}") for n in range(DRIVERS)]
    routes = [(driver, day) for day in range(DAYS) for driver in drivers]
    parcels = Shipment.objects.unscoped("each row names its environment").bulk_create(
        [Shipment(environment=box) for _ in range(len(routes) * STOPS)]
    )
    ShipmentState.objects.unscoped("the same").bulk_create(
        ShipmentState(
            shipment=one, environment=box, sequence=1, state="delivered", hub=hub, service_s=180, created_at=NOW,
            changed_at=NOW,
        )
        for one in parcels
    )  # fmt: skip
    manifests = Manifest.objects.unscoped("the same").bulk_create(
        Manifest(
            environment=box, hub=hub, driver=driver, service_date=(NOW + timedelta(days=day)).date(), state="done",
            version=1, starts_at=NOW + timedelta(days=day), begun_at=NOW + timedelta(days=day),
            done_at=NOW + timedelta(days=day, hours=6),
        )
        for driver, day in routes
    )  # fmt: skip
    left = iter(parcels)
    ManifestStop.objects.unscoped("the same").bulk_create(
        stop for manifest in manifests for stop in a_route(manifest, left, rng)
    )
    assert Driver.objects.for_environment(box).count() == DRIVERS


def a_route(manifest, parcels, rng):
    planned = real = manifest.begun_at
    day = 1.25 * exp(rng.gauss(0, 0.12))
    for place in range(1, STOPS + 1):
        planned += timedelta(minutes=10)
        real += timedelta(minutes=10) * day * exp(rng.gauss(0, 0.25))
        arrived, real = real, real + timedelta(minutes=3.5)
        yield ManifestStop(
            environment_id=manifest.environment_id, manifest=manifest, shipment=next(parcels), place=place,
            state="delivered", longitude=PUNE[0], latitude=PUNE[1], planned_arrival=planned,
            planned_departure=planned + timedelta(minutes=3),
            slot_to=planned + timedelta(minutes=rng.uniform(-10, 70)),
            arrived_at=arrived, finished_at=real,
        )  # fmt: skip
        planned += timedelta(minutes=3)


def test_chances_said_with_what_was_known_then_turn_out_about_right(box):
    a_fortnight(box)
    later = (NOW + timedelta(days=4)).date()  # the days before are there to learn from
    found = back_test(box.pk, since=later, horizon_s=1800)
    assert found is not None
    assert found.count > 200
    assert abs(found.predicted - found.missed) < 0.05
    assert (found.skill or 0) > 0.3
    for part in found.bins:
        if part.count >= 40:
            assert abs(part.predicted - part.missed) < 0.15, part
    said = StringIO()
    call_command("back_test_slots", environment=box.public_id, days=3650, stdout=said)
    assert "30 minutes before" in said.getvalue()


def test_the_nearer_the_slots_end_the_more_is_known(box):
    a_fortnight(box)
    far, near = (back_test(box.pk, since=NOW.date(), horizon_s=seconds) for seconds in (7200, 900))
    assert far is not None
    assert near is not None
    assert near.score < far.score


def test_without_routes_nothing_is_judged(box):
    assert back_test(box.pk, since=NOW.date(), horizon_s=1800) is None
