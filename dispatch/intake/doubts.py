"""Why a place is doubtful, in words; worked out when somebody looks, for it depends on the hubs there are."""

from dispatch.intake.cells import Wrong
from dispatch.intake.coordinates import judge
from dispatch.intake.delivering import Hubs
from dispatch.intake.settling import NOBODY
from dispatch.shipments.models import ShipmentState


def doubt_of(environment_id: int, row: ShipmentState, hubs: Hubs | None = None) -> str:
    """The reason, as a sentence without its full stop. Needs the environment's scope."""
    if row.longitude is None or row.latitude is None:
        if not row.address:
            return "There is no address and no place"
        return "The address was not found" if row.place_by else "The address is being looked up"
    known = hubs or Hubs(environment_id)
    try:
        spot = judge(row.latitude, row.longitude, known.places(known.of(row.hub_id)))
    except Wrong as wrong:
        return f"The place {wrong}"
    if spot.doubt:
        return (
            f"The place {spot.doubt}"
            if spot.doubt.startswith("lies")
            else spot.doubt[:1].upper() + spot.doubt[1:]
        )
    if row.place_confidence is not None and row.place_by not in {"given", "person", NOBODY}:
        return f"{row.place_by.capitalize()} is only {row.place_confidence:.0%} sure of it"
    return "Somebody marked it as doubtful"
