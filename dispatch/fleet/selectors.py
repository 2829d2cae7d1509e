"""Reads of the fleet: hubs, drivers, vehicles, who works when."""

from collections.abc import Collection
from datetime import datetime

from dispatch.fleet.availability import (
    Crew,
    DriverOnShift,
    LastPlace,
    OffShift,
    capacities_of,
    crew,
    devices_of,
    last_places,
    vehicles_of,
)
from tracker.tenants.models import Environment

__all__ = [
    "Crew",
    "DriverOnShift",
    "LastPlace",
    "OffShift",
    "capacities_of",
    "crew",
    "devices_of",
    "last_places",
    "on_shift",
    "vehicles_of",
]


def on_shift(
    environment: Environment | int, hub_ids: Collection[int] | None, since: datetime, until: datetime
) -> list[DriverOnShift]:
    """Who works at these hubs (None: at all) in [since, until), one entry a shift. `crew` also says who does not."""
    return crew(environment, hub_ids, since, until).on
