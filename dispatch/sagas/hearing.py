"""From events of shipments and manifests to sagas: begun where a delivery failed, woken where anything happened."""

from collections.abc import Sequence

from dispatch.manifests.naming import manifests_of
from dispatch.sagas.beginning import begin, wake
from dispatch.sagas.scanning import failed_delivery
from dispatch.shipments.models import ShipmentState
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id


def hear(environment_id: int, events: Sequence[OutboxEvent]) -> None:
    """Begin and wake as these events ask; the same again does no harm. In the scope of the environment.

    Whether a saga is begun is asked of the shipment as it is now: an event that comes late begins nothing for a parcel
    that was delivered since.
    """
    failed = [event for event in events if event.kind == Kind.SHIPMENT_ATTEMPT_FAILED]
    if failed:
        uids = {parse_id("shp", event.data["shipment"]["id"]) for event in failed}
        rows = ShipmentState.objects.for_environment(environment_id).filter(
            state=ShipmentState.State.FAILED, shipment__uid__in=uids
        )
        wanted = [
            failed_delivery(row.shipment.public_id, row.hub_id) for row in rows.select_related("shipment")
        ]
        begin(environment_id, wanted, at=max(event.occurred_at for event in failed))
    shipments = {event.data["shipment"]["id"] for event in events if event.kind.startswith("shipment.")}
    manifests = {name for event in events for name in manifests_of(event)}
    if shipments or manifests:
        at = min(event.occurred_at for event in events)
        wake(environment_id, shipments, manifests=manifests, at=at)
