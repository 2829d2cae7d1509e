"""A made-up town to plan: a hub, drivers on shift with vehicles, parcels around it; and a solver without a process."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleHolding
from dispatch.manifests.models import Manifest
from dispatch.manifests.orders import open_stops, stops_on
from dispatch.planning import running, solving
from dispatch.planning.claims import Claim, claim
from dispatch.planning.errors import PlanningRefusal
from dispatch.planning.frames import Failed, Frame, Job
from dispatch.planning.models import PlanRun
from dispatch.planning.services import ask_run
from dispatch.shipments.announcing import Created, NewShipment
from dispatch.shipments.authors import system
from dispatch.shipments.commands import ConfirmPickup, Create
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import create, execute_many
from tests.dispatch.fleet.ground import PUNE, a_driver, a_hub, a_shift, a_vehicle
from tracker.tenants.models import Environment

MORNING = datetime(2026, 5, 4, 0, 30, tzinfo=UTC)  # Monday, 06:00 in Pune
OFFICE = system("office")


@dataclass
class Town:
    """A hub with its drivers; times pass by `now`."""

    environment: Environment
    hub: Hub
    drivers: list[Driver]
    now: datetime = MORNING
    shipments: list[int] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def parcels(self, count: int, *, seed: int = 1, **facts: Any) -> list[int]:
        """Row numbers of parcels at the hub, around it."""
        places = random.Random(seed)
        wanted = [
            NewShipment(
                Create(
                    **cast(
                        Any,
                        {
                            "hub": self.hub.public_id,
                            "recipient": f"Recipient {n}",
                            "address": f"{n} Tilak Road, Pune",
                            "longitude": PUNE[0] + places.uniform(-0.05, 0.05),
                            "latitude": PUNE[1] + places.uniform(-0.05, 0.05),
                            "place_by": "given",
                            "size": {"parcels": 1},
                        }
                        | facts,
                    )
                ),
                f"P{seed}-{n}",
            )
            for n in range(1, count + 1)
        ]
        made = create(self.environment.pk, wanted, author=OFFICE, now=self.now)
        rows = [one.shipment_id for one in made if isinstance(one, Created)]
        assert len(rows) == count, made
        execute_many(
            self.environment.pk, [(row, ConfirmPickup()) for row in rows], author=OFFICE, now=self.now
        )
        self.shipments += rows
        return rows

    def ask(self, **facts: Any) -> PlanRun:
        return ask_run(
            self.hub, **cast(Any, {"cause": PlanRun.Cause.PERSON, "seconds": 1, "now": self.now} | facts)
        )

    def claim(self) -> Claim:
        """The run that is due now, in our hands."""
        held = claim(now=self.now)
        assert held is not None
        return held

    def plan(self, *, solver: Any = None, **facts: Any) -> PlanRun:
        """Ask for a run and carry it out; the run as it ended."""
        run = self.ask(**facts)
        held = self.claim()
        assert held.run_id == run.pk
        running.carry(held, clock=self.clock, solver=solver or InHouse)
        return PlanRun.objects.for_environment(self.environment).get(pk=run.pk)

    def manifests(self, *states: str) -> list[Manifest]:
        rows = Manifest.objects.for_environment(self.environment).order_by("driver__name", "pk")
        return list(rows.filter(state__in=states) if states else rows)

    def order(self, manifest: Manifest) -> list[int]:
        """The parcels nobody has begun, in order."""
        return [stop.shipment_id for stop in open_stops(stops_on(manifest))]

    def state(self, shipment: int) -> ShipmentState:
        return ShipmentState.objects.for_environment(self.environment).get(pk=shipment)


def a_town(
    environment: Environment,
    drivers: int = 3,
    *,
    shift: tuple[str, str] = ("09:00", "18:00"),
    room: int = 30,
    **facts: Any,
) -> Town:
    """Drivers from nine to six, each on a two-wheeler for `room` parcels. Needs the environment's scope."""
    hub = a_hub(environment, "Pune East", longitude=PUNE[0], latitude=PUNE[1])
    town = Town(environment, hub, [])
    for number in range(drivers):
        driver = a_driver(hub, f"Driver {chr(65 + number)}", **facts)
        a_shift(driver, *shift)
        ride(
            driver,
            a_vehicle(environment, f"MH 12 {number}", capacities={"parcels": room}),
            since=MORNING - timedelta(days=1),
        )
        town.drivers.append(driver)
    return town


def ride(driver: Driver, vehicle: Vehicle, *, since: datetime) -> None:
    VehicleHolding.objects.create(
        environment_id=driver.environment_id, driver=driver, vehicle=vehicle, since=since
    )


class InHouse:
    """A solver without a process of its own, for tests that are about what comes before and after it."""

    def __init__(self, job: Job, *, frames: Callable[[Job], Iterator[Frame]] | None = None) -> None:
        self.job, self.stopped = job, threading.Event()
        self._frames = frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def stop(self) -> None:
        self.stopped.set()

    def hear(self, *, every_s: float) -> Iterator[Frame | None]:
        if self._frames is not None:
            yield from self._frames(self.job)
            return
        said: list[Frame] = []
        quick = Job(self.job.brief, min(self.job.seconds, 0.4), 0.5, self.job.tables)
        answer = solving._solve(quick, self.stopped, cast(Any, said.append))
        yield from said
        if isinstance(answer, Failed):
            raise PlanningRefusal(answer.text)
        yield answer
