"""The demo's fleet: made once, over the phones that are simulated, and not where somebody works already."""

from django.core.management import call_command

from dispatch.demonstration.city import hands, place, sectors
from dispatch.demonstration.services import ensure_fleet
from dispatch.fleet.models import DeviceHolding, Driver, Hub, VehicleHolding
from dispatch.fleet.selectors import on_shift
from dispatch.fleet.zoning import hub_for
from tests.dispatch.fleet.ground import NOW, a_hub
from tracker.simulation.vehicles import fleet


def test_every_hand_carries_a_phone_that_is_simulated():
    phones = {phone.device_id for phone in fleet(40, city="pune", seed=1)}
    found = hands()
    assert len(found) == len({hand.device_id for hand in found}) == len({hand.plate for hand in found}) >= 20
    assert {hand.device_id for hand in found} <= phones


def test_it_is_made_once_with_hubs_that_hold_the_city(box):
    assert ensure_fleet(box, now=NOW)
    assert not ensure_fleet(box, now=NOW)
    hubs = Hub.objects.for_environment(box)
    assert [hub.kind for hub in hubs.order_by("pk")] == ["region", "centre", "zone", "zone", "zone"]
    for model in (Driver, VehicleHolding, DeviceHolding):
        assert model.objects.for_environment(box).count() == len(hands())
    city = place()
    around = [(city.longitude + x, city.latitude + y) for x, y in ((0.01, 0.01), (0.0, -0.02), (-0.02, 0.01))]
    named = {hub.pk: hub.name for hub in hubs}
    assert [named.get(pk) for pk in hub_for(box, around) if pk] == [sector.name for sector in sectors()]
    assert on_shift(box, None, NOW, NOW)[0].vehicle is not None


def test_whoever_has_a_hub_keeps_what_they_have(box, customer):
    a_hub(box, "Mine")
    assert not ensure_fleet(box, now=NOW)
    call_command("demo_fleet", environment=customer.test.public_id)
    assert Hub.objects.for_environment(box).count() == 1
