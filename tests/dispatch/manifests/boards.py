"""A hub's day for tests of the board: drivers on shift, some with released manifests, parcels that nobody has."""

from dataclasses import dataclass
from datetime import timedelta

from dispatch.fleet.models import Driver, Hub, VehicleHolding
from dispatch.manifests.desk import Desk, desk_of
from dispatch.manifests.models import Manifest
from dispatch.manifests.orders import stops_on
from tests.dispatch.fleet.ground import NOW, PUNE, a_driver, a_hub, a_shift, a_vehicle
from tests.dispatch.rounds import released, shipments_of
from tracker.tenants.models import Environment

DAY = NOW.date()
LATER = NOW + timedelta(minutes=5)


@dataclass
class Board:
    """Asha and Ravi have three stops each on released manifests, Meera none, and two parcels lie in the tray."""

    environment: Environment
    hub: Hub
    asha: Driver
    ravi: Driver
    meera: Driver
    tray: list[str]

    def desk(self) -> Desk:
        return desk_of(self.environment.pk, self.hub, service_date=DAY, now=NOW)

    def manifest(self, driver: Driver) -> Manifest:
        rows = Manifest.objects.for_environment(self.environment)
        return rows.get(driver=driver, service_date=DAY)

    def order(self, driver: Driver) -> list[str]:
        """Public ids of the driver's parcels, in order."""
        rows = Manifest.objects.for_environment(self.environment).filter(driver=driver, service_date=DAY)
        return [stop.shipment.public_id for row in rows for stop in stops_on(row)]

    def seen(self, *drivers: Driver) -> dict[str, int]:
        """What somebody who looks now names as the state they saw."""
        desk = self.desk()
        return {desk.key(one.public_id): desk.revision(one.public_id) for one in drivers}


def a_board(environment: Environment) -> Board:
    """Needs the environment's scope."""
    hub = a_hub(environment, "Pune East", longitude=PUNE[0], latitude=PUNE[1])
    drivers = []
    for number, name in enumerate(("Asha", "Ravi", "Meera")):
        driver = a_driver(hub, name)
        a_shift(driver)
        vehicle = a_vehicle(environment, f"MH 12 AB {number}")
        VehicleHolding.objects.create(
            environment=environment, driver=driver, vehicle=vehicle, since=NOW - timedelta(days=1)
        )
        drivers.append(driver)
    asha, ravi, meera = drivers
    for driver, prefix in ((asha, "A-"), (ravi, "R-")):
        released(driver, shipments_of(hub, 3, now=NOW, prefix=prefix), now=NOW)
    shipments_of(hub, 2, now=NOW, prefix="T-")
    board = Board(environment, hub, asha, ravi, meera, [])
    board.tray = list(board.desk().tray)
    return board
