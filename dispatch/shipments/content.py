"""Whether a shipment announced again is the same, what differs, and which commands would make it so. Pure."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, fields

from dispatch.shipments import kinds
from dispatch.shipments.commands import ChangeDetails, ChangeHub, Command, CorrectAddress, Create
from dispatch.shipments.history import Known

PLACE = ("longitude", "latitude", "place_by", "confidence", "doubtful")
DETAILS = frozenset(field.name for field in fields(ChangeDetails))


def as_given(history: Iterable[Known]) -> dict[str, Any]:
    """What whoever sent it last said of it: not what became of it, and not what geocoding made of the address."""
    given: dict[str, Any] = {}
    for known in sorted(history, key=lambda known: known.sequence):
        event = known.event
        if isinstance(event, kinds.ShipmentCreated | kinds.HubChanged):
            given |= asdict(event)
        elif isinstance(event, kinds.DetailsChanged):
            given |= {
                name: value for name, value in asdict(event).items() if name in DETAILS and value is not UNSET
            }
        elif isinstance(event, kinds.AddressCorrected) and event.place_by == "given":
            corrected = asdict(event)
            given |= {name: value for name, value in corrected.items() if value is not UNSET}
    return given


def differing(history: Iterable[Known], wanted: Create) -> list[str]:
    """The fields in which it is announced otherwise than before, sorted; none: it is the same.

    A place that was found for the address is not compared, the address is; nor is our doubt about a place, which
    depends on the hubs there are; nor what was forgotten of a recipient.
    """
    listed = list(history)
    given, asked = as_given(listed), asdict(wanted)
    left_out = {"confidence", "doubtful"} if wanted.place_by == "given" else set(PLACE)
    if wanted.hub is None:
        left_out.add("hub")
    if any(isinstance(known.event, kinds.PersonalDataForgotten) for known in listed):
        left_out |= set(kinds.ShipmentCreated.PERSONAL)
    return sorted(name for name in asked.keys() - left_out if asked[name] != given.get(name))


def changes_to(wanted: Create, differs: Iterable[str]) -> list[Command]:
    """The commands after which it is as announced now."""
    names = set(differs)
    asked = asdict(wanted)
    found: list[Command] = []
    if "hub" in names and wanted.hub is not None:
        found.append(ChangeHub(hub=wanted.hub))
    if names & {"address", *PLACE}:
        place = {name: asked[name] for name in PLACE} | {"place_by": wanted.place_by or "given"}
        found.append(CorrectAddress(**place, address=wanted.address))
    if details := {name: asked[name] for name in names & DETAILS}:
        found.append(ChangeDetails(**details))
    return found
