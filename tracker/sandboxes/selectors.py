"""Reads about an organisation's environments and the cities in them."""

from dataclasses import dataclass

from tracker.devices.models import Device
from tracker.sandboxes.models import SimulatedCity
from tracker.tenants import scope
from tracker.tenants.models import Environment
from tracker.tenants.selectors import environments_of

WHY = "the environments of one organisation side by side"


@dataclass(frozen=True)
class Standing:
    """An environment as the page shows it."""

    environment: Environment
    city: SimulatedCity | None
    has_devices: bool


def standings(tenant_id: int) -> list[Standing]:
    """All environments of an organisation, in three queries however many there are."""
    environments = list(environments_of(tenant_id))
    numbers = [environment.pk for environment in environments]
    with scope.scope(unscoped=WHY):
        found = SimulatedCity.objects.unscoped(WHY).filter(pk__in=numbers)
        cities = {city.pk: city for city in found}
    devices = Device.objects.unscoped(WHY).filter(environment__in=numbers, deleted_at=None)
    busy = set(devices.order_by().values_list("environment_id", flat=True).distinct())
    return [Standing(one, cities.get(one.pk), one.pk in busy) for one in environments]
