"""What manifests ask of the shipments on them: assign, unassign, set out. Each a command, so each leaves its event."""

from collections.abc import Collection, Iterable
from datetime import datetime

from dispatch.fleet.models import Driver, Hub
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.authors import Author
from dispatch.shipments.commands import Assign, Command, StartDelivery, Unassign
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import execute_many

State = ShipmentState.State
# what a plan may still do something about
DELIVERABLE = (State.CREATED, State.READY, State.ASSIGNED, State.OUT, State.FAILED)


def states_of(environment_id: int, shipments: Collection[int]) -> dict[int, ShipmentState]:
    """The shipments as they are now, by row number."""
    return ShipmentState.objects.for_environment(environment_id).in_bulk(list(shipments))


def assign(manifest: Manifest, stops: Iterable[ManifestStop], *, by: Author, now: datetime) -> None:
    """Let the parcels of these stops know whose they are."""
    driver = Driver.objects.for_environment(manifest.environment_id).get(pk=manifest.driver_id)
    hub = Hub.objects.for_environment(manifest.environment_id).get(pk=manifest.hub_id)
    wanted: list[tuple[int, Command]] = [
        (
            stop.shipment_id,
            Assign(
                manifest=manifest.public_id,
                version=manifest.version,
                driver=driver.public_id,
                hub=hub.public_id,
                promised_to=stop.slot_to,
            ),
        )
        for stop in stops
    ]
    _execute(manifest.environment_id, wanted, by=by, now=now)


def unassign(
    environment_id: int, shipments: Iterable[int], *, reason: str, by: Author, now: datetime
) -> None:
    """Let parcels know that no manifest has them any more."""
    wanted: list[tuple[int, Command]] = [(shipment, Unassign(reason=reason)) for shipment in shipments]
    _execute(environment_id, wanted, by=by, now=now)


def start(environment_id: int, shipments: Iterable[int], *, at: datetime, by: Author, now: datetime) -> None:
    """Their driver sets out with them."""
    wanted: list[tuple[int, Command]] = [(shipment, StartDelivery()) for shipment in shipments]
    _execute(environment_id, wanted, by=by, now=now, occurred_at=at)


def _execute(
    environment_id: int,
    wanted: list[tuple[int, Command]],
    *,
    by: Author,
    now: datetime,
    occurred_at: datetime | None = None,
) -> None:
    """All of them; one that cannot take its command any more (cancelled a moment ago) is passed over."""
    if wanted:
        execute_many(environment_id, wanted, author=by, now=now, occurred_at=occurred_at)
