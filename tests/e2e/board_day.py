"""A hub's day in a running product, for tests of the board: made inside it by its own services."""

import json
from typing import Any

from box.stack import Stack

from tests.e2e.product import Customer, manage

MAKE = """
import json
from datetime import timedelta
from zoneinfo import ZoneInfo
from django.utils import timezone
from dispatch.fleet.models import VehicleHolding
from tests.dispatch.fleet.ground import PUNE, a_driver, a_hub, a_shift, a_vehicle
from tests.dispatch.rounds import released, shipments_of
from tests.morning import morning_zone
from tracker.tenants import scope
from tracker.tenants.identifiers import parse_id
from tracker.tenants.models import Environment
environment = Environment.objects.unscoped("made for this test").get(uid=parse_id("env", {environment!r}))
with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
    now = timezone.now()
    zone = morning_zone(now)
    today = now.astimezone(ZoneInfo(zone)).date()
    hub = a_hub(environment, "Pune East", longitude=PUNE[0], latitude=PUNE[1], timezone=zone)
    made = []
    for number in range({drivers}):
        driver = a_driver(hub, f"Driver {{number + 1:02d}}")
        a_shift(driver, "00:00", "23:59", breaks=[{{"from": "12:00", "to": "14:00", "duration_s": 1800}}])
        vehicle = a_vehicle(environment, f"MH 12 {{number}}", capacities={{"parcels": 500}})
        since = now - timedelta(days=1)
        VehicleHolding.objects.create(environment=environment, driver=driver, vehicle=vehicle, since=since)
        made.append(driver.public_id)
        if number < {drivers} - 1:
            rows = shipments_of(hub, {stops}, now=now, prefix=f"D{{number + 1:02d}}-")
            released(driver, rows, now=now, service_date=today)
    shipments_of(hub, 3, now=now, prefix="TRAY-")
print("FACTS " + json.dumps({{"hub": hub.public_id, "drivers": made}}))
"""


def make_day(stack: Stack, customer: Customer, *, drivers: int = 3, stops: int = 4) -> dict[str, Any]:
    """Drivers "Driver 01" and on, each with a released manifest but the last, and three parcels nobody has."""
    script = MAKE.format(environment=customer.environment_id, drivers=drivers, stops=stops)
    said = manage(stack, "shell", "-c", script)
    facts: dict[str, Any] = json.loads(
        next(line for line in said.splitlines() if line.startswith("FACTS "))[6:]
    )
    return facts
