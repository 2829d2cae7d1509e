"""From events of shipments to messages for their customers."""

from collections import defaultdict
from collections.abc import Sequence

from dispatch.notifications.services import Wish, forget_addresses, owe
from dispatch.shipments.models import Shipment
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id

# that an attempt failed is told by the saga that follows it
TOLD = {
    Kind.SHIPMENT_OUT_FOR_DELIVERY: "out_for_delivery",
    Kind.SHIPMENT_RESCHEDULED: "rescheduled",
    Kind.SHIPMENT_DELIVERED: "delivered",
}
FORGOTTEN = "PersonalDataForgotten"


def hear(environment_id: int, events: Sequence[OutboxEvent]) -> None:
    """Owe what these events ask for, once however often they come. In the scope of the environment."""
    told = [event for event in events if event.kind in TOLD]
    forgotten = [
        event
        for event in events
        if event.kind == Kind.SHIPMENT_CHANGED and event.data["event"]["kind"] == FORGOTTEN
    ]
    numbers = _numbers(environment_id, [*told, *forgotten])
    wishes = defaultdict(list)
    for event in told:
        shipment = numbers.get(event.data["shipment"]["id"])
        if shipment is not None:
            wish = Wish(shipment, TOLD[Kind(event.kind)], _turn(event))
            wishes[event.occurred_at].append(wish)
    for at, wanted in sorted(wishes.items()):
        owe(environment_id, wanted, now=at)
    if forgotten:
        gone = {numbers.get(event.data["shipment"]["id"]) for event in forgotten}
        forget_addresses(environment_id, [number for number in gone if number is not None])


def _turn(event: OutboxEvent) -> str:
    """What tells two of the same apart: which attempt it is, or which change."""
    shipment, happened = event.data["shipment"], event.data["event"]
    if event.kind == Kind.SHIPMENT_OUT_FOR_DELIVERY:
        return f"attempt {int(shipment['attempts']) + 1}"
    if event.kind == Kind.SHIPMENT_RESCHEDULED:
        return f"event {happened['sequence']}"
    return ""


def _numbers(environment_id: int, events: Sequence[OutboxEvent]) -> dict[str, int]:
    uids = {parse_id("shp", event.data["shipment"]["id"]) for event in events}
    if not uids:
        return {}
    rows = Shipment.objects.for_environment(environment_id).filter(uid__in=uids)
    return {row.public_id: row.pk for row in rows}
