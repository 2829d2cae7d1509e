"""What a supervisor does to one shipment from its page: the command, and what it means for the manifest it is on."""

from datetime import datetime

from django.db import transaction

from dispatch.manifests import services as manifests
from dispatch.manifests.models import ManifestStop
from dispatch.shipments.authors import Author
from dispatch.shipments.commands import Cancel, Command, ConfirmDelivery, FailAttempt, ReportLoss, StartReturn
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import execute
from dispatch.shipments.state import State

LEAVES = {Cancel: "cancelled", StartReturn: "sent_back", ReportLoss: "lost"}
ENDS = {ConfirmDelivery: ManifestStop.State.DELIVERED, FailAttempt: ManifestStop.State.FAILED}
OPEN = (ManifestStop.State.PLANNED, ManifestStop.State.ARRIVED)


def do(
    shipment: ShipmentState, command: Command, *, author: Author, now: datetime, expected_sequence: int | None
) -> State:
    """Do it; the shipment afterwards. A visit that it ends is ended on the manifest too, and a parcel that is not to be
    visited any more leaves it. Raises what `execute` raises."""
    environment_id, shipment_id = shipment.environment_id, shipment.shipment_id
    with transaction.atomic():
        state = execute(
            environment_id, shipment_id, command, author=author, now=now, expected_sequence=expected_sequence
        )
        ending = ENDS.get(type(command))
        if ending is not None:
            for stop in _open_stops(environment_id, shipment_id):
                manifests.finish(environment_id, stop.pk, ending, at=now, by=author, now=now)
        if type(command) in LEAVES:
            manifests.take_off(environment_id, shipment_id, reason=LEAVES[type(command)], now=now)
        return state


def _open_stops(environment_id: int, shipment_id: int) -> list[ManifestStop]:
    rows = ManifestStop.objects.for_environment(environment_id).filter(
        shipment_id=shipment_id, state__in=OPEN, manifest__state__in=manifests.IN_FORCE
    )
    return list(rows.order_by("pk"))
