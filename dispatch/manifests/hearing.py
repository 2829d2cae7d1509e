"""What manifests do about events of parcels: whoever ended or moved one, its stop follows. Safe to hear twice and late.

The driver's page settles stop and parcel together. A tenant's own backend, a customer or a saga speaks to the parcel
alone, and the stop is settled here a moment later, by what is so now.
"""

from collections.abc import Sequence
from datetime import datetime

from dispatch.manifests import parcels
from dispatch.manifests.issuing import IN_FORCE, OPEN_STOPS
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.services import finish, take_off
from dispatch.planning.models import PlanRun
from dispatch.planning.services import ask_run
from dispatch.planning.windows import day_ends
from dispatch.shipments.authors import system
from dispatch.shipments.models import ShipmentState
from tracker.http.times import parse_moment
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id

State = ShipmentState.State
MANIFESTS = system("manifests")
SETTLES = {
    "shipment.delivered", "shipment.attempt_failed", "shipment.cancelled", "shipment.lost", "shipment.returned",
    "shipment.rescheduled", "shipment.changed",
}  # fmt: skip
ENDS = {State.DELIVERED: ManifestStop.State.DELIVERED, State.FAILED: ManifestStop.State.FAILED}
OFF = {
    State.CANCELLED: "cancelled",
    State.LOST: "lost",
    State.RETURNING: "goes back",
    State.RETURNED: "went back",
}


def hear(environment_id: int, events: Sequence[OutboxEvent], *, now: datetime) -> None:
    """Settle the open stops of these parcels. In the scope of the environment."""
    uids = {parse_id("shp", event.data["shipment"]["id"]) for event in events if event.kind in SETTLES}
    if not uids:
        return
    stops = ManifestStop.objects.for_environment(environment_id).filter(
        shipment__uid__in=uids,
        state__in=OPEN_STOPS,
        manifest__state__in=(Manifest.State.DRAFT, *IN_FORCE),
    )
    for stop in stops.select_related("manifest__hub", "shipment__state_row").order_by("manifest_id", "pk"):
        _settle(environment_id, stop, stop.shipment.state_row, now=now)


def _settle(environment_id: int, stop: ManifestStop, parcel: ShipmentState, *, now: datetime) -> None:
    state = State(parcel.state)
    draft = stop.manifest.state == Manifest.State.DRAFT
    if state in ENDS and not draft:
        finish(environment_id, stop.pk, ENDS[state], at=parcel.changed_at, by=MANIFESTS, now=now)
    elif state in OFF or (state in ENDS and draft):
        take_off(environment_id, stop.shipment_id, reason=f"The parcel {OFF.get(state, 'is done')}.", now=now)
    elif _wanted_otherwise(stop, parcel):
        _move_on(environment_id, stop, parcel, now=now)


def _wanted_otherwise(stop: ManifestStop, parcel: ShipmentState) -> bool:
    """Whether the visit is planned into none of the parcel's slots, nor was before somebody chose others."""
    slots = _slots(parcel)
    if not slots or (stop.slot_from, stop.slot_to) in slots or stop.state != ManifestStop.State.PLANNED:
        return False
    return not any(start <= stop.planned_arrival <= end for start, end in slots)


def _move_on(environment_id: int, stop: ManifestStop, parcel: ShipmentState, *, now: datetime) -> None:
    """Off the manifest where it is wanted on another day; else the day is planned anew."""
    manifest = stop.manifest
    ends = day_ends(manifest.service_date, manifest.hub.timezone)
    if min(start for start, _ in _slots(parcel)) >= ends:
        take_off(environment_id, stop.shipment_id, reason="The customer chose another day.", now=now)
        if manifest.state != Manifest.State.DRAFT:
            parcels.unassign(environment_id, [stop.shipment_id], reason="rescheduled", by=MANIFESTS, now=now)
    else:
        ask_run(manifest.hub, cause=PlanRun.Cause.CHANGE, now=now)


def _slots(parcel: ShipmentState) -> list[tuple[datetime, datetime]]:
    return [(parse_moment(start), parse_moment(end)) for start, end in parcel.slots]
