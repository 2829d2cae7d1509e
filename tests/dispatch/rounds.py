"""A driver's round for tests: real shipments, planned onto a manifest and released to the driver by the services."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from dispatch.driving.models import DriverSession
from dispatch.driving.sessions import create_link, sign_in
from dispatch.fleet.models import Driver, Hub
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.orders import PlannedVisit, lay, stops_on
from dispatch.manifests.releasing import release
from dispatch.shipments.announcing import Created, NewShipment
from dispatch.shipments.authors import system
from dispatch.shipments.commands import ConfirmPickup, Create
from dispatch.shipments.models import Shipment, ShipmentState
from dispatch.shipments.services import create, execute
from tests.dispatch.fleet.ground import PUNE, a_driver, a_hub
from tracker.tenants.models import Environment

OFFICE = system("office")


@dataclass
class Round:
    """A released manifest with its driver."""

    environment: Environment
    hub: Hub
    driver: Driver
    manifest: Manifest

    @property
    def stops(self) -> list[ManifestStop]:
        """As they are now, in order."""
        return stops_on(self.manifest)

    def state(self, place: int) -> ShipmentState:
        """The shipment of the stop at that place, as it is now."""
        rows = ShipmentState.objects.for_environment(self.environment)
        return rows.get(shipment_id=self.stops[place - 1].shipment_id)

    def shipment(self, place: int) -> Shipment:
        rows = Shipment.objects.for_environment(self.environment)
        return rows.get(pk=self.stops[place - 1].shipment_id)

    def phone(self, *, now: datetime) -> tuple[DriverSession, str]:
        """Sign a phone in; the session and its secret."""
        _, address = create_link(self.driver, by=None, now=now)
        return sign_in(address.rsplit("/", 1)[1], phone="Chromium on a test", now=now)


def shipments_of(hub: Hub, count: int, *, now: datetime, prefix: str = "MP-", **facts: Any) -> list[int]:
    """Announced and taken over at the hub; row numbers."""
    slots = ((now + timedelta(hours=1), now + timedelta(hours=4)),)
    usual: dict[str, Any] = {
        "slots": slots,
        "size": {"parcels": 1},
        "place_by": "given",
        "phone": "+91 20 5550 1234",
    }
    wanted = [
        NewShipment(
            Create(
                hub=hub.public_id,
                recipient=f"Recipient {n}",
                address=f"{n} Tilak Road, Pune",
                longitude=PUNE[0] + n / 500,
                latitude=PUNE[1] + n / 500,
                **cast(Any, usual | facts),
            ),
            f"{prefix}{1000 + n}",
        )
        for n in range(1, count + 1)
    ]
    made = create(hub.environment_id, wanted, author=OFFICE, now=now)
    rows = [one.shipment_id for one in made if isinstance(one, Created)]
    assert len(rows) == count, made
    for row in rows:
        execute(hub.environment_id, row, ConfirmPickup(), author=OFFICE, now=now)
    return rows


def a_round(environment: Environment, count: int = 3, *, now: datetime, **facts: Any) -> Round:
    """A hub, a driver and their released manifest. Needs the environment's scope."""
    hub = a_hub(environment, "Pune East", longitude=PUNE[0], latitude=PUNE[1])
    driver = a_driver(hub, "Asha Kulkarni")
    rows = shipments_of(hub, count, now=now, **facts)
    return Round(environment, hub, driver, released(driver, rows, now=now))


def released(
    driver: Driver, shipments: list[int], *, now: datetime, service_date: date | None = None
) -> Manifest:
    """The driver's manifest of a date, UTC's where none is given, with these as a plan's draft folded into it."""
    draft = Manifest.objects.create(
        environment_id=driver.environment_id,
        hub_id=driver.hub_id,
        driver=driver,
        service_date=service_date or now.date(),
    )
    states = ShipmentState.objects.for_environment(driver.environment_id).in_bulk(shipments)
    visits = []
    for place, row in enumerate(shipments, 1):
        known, at = states[row], now + timedelta(minutes=30 * place)
        assert known.longitude is not None
        assert known.latitude is not None
        visits.append(
            PlannedVisit(
                row, known.longitude, known.latitude, at, at + timedelta(minutes=3), 500.0,
                known.due_from, known.due_to,
            )
        )  # fmt: skip
    lay(draft, visits, keep_record=False)
    found = release(driver.environment_id, [draft.pk], by=OFFICE, now=now)
    assert found.left_out == {}
    return found.manifests[0]
