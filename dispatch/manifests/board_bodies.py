"""What callers send about overrides, read and checked: from the board's page and from the API alike."""

import re
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from dispatch.manifests.moves import MOST_MOVES, Move
from tracker.http.problems import bad_request

MISSING = re.compile(r"missing required field `(\w+)`")
HubRef = Annotated[str, Meta(max_length=240, examples=["hub_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
ShipmentRef = Annotated[str, Meta(max_length=40, examples=["shp_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
DriverRef = Annotated[str, Meta(max_length=40, examples=["drv_7e6d5c4b3a2918070f1e2d3c4b5a6978"])]


class MoveBody(Struct, forbid_unknown_fields=True):
    """One parcel to one place."""

    shipment: ShipmentRef
    to: Annotated[DriverRef | None, Meta(description="The driver who gets it; null takes it off the plan.")]
    before: Annotated[
        ShipmentRef | None, Meta(description="The open stop ahead of which it is put; null: at the end.")
    ] = None


class PreviewBody(Struct, forbid_unknown_fields=True):
    """Moves to be weighed."""

    hub: HubRef
    date: Annotated[str, Meta(description="The hub's local day.", examples=["2026-05-01"])]
    moves: Annotated[list[MoveBody], Meta(min_length=1, max_length=MOST_MOVES)]
    expected: Annotated[dict[str, int], Meta(description="Not looked at: nothing is written.")] = {}


class OverrideBody(PreviewBody, forbid_unknown_fields=True, kw_only=True):
    """Moves to be made, and why."""

    expected: Annotated[
        dict[str, int],
        Meta(
            description="The `revision` of each manifest that the moves touch, as you last read it; a driver who had "
            "none is named by the driver's id with 0. Where one is another by now, nothing is moved."
        ),
    ]
    reason_code: Annotated[str, Meta(examples=["knows_the_place"])] = ""
    reason: Annotated[str, Meta(max_length=500, examples=["Ravi has the key to the yard"])] = ""


class UndoBody(Struct, forbid_unknown_fields=True):
    """Why an override is taken back."""

    reason: Annotated[str, Meta(max_length=500)] = ""
    reason_code: str = "undo"


def moves_in(body: PreviewBody) -> list[Move]:
    """The moves as the rules take them."""
    return [Move(one.shipment, one.to, one.before) for one in body.moves]


def day_in(text: str, param: str = "/date") -> date:
    """A calendar day. Raises a 400 for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_request("invalid_date", f"{text[:40]!r} is no day such as 2026-05-01.", param) from None


def read(content: Any, kind: type[Any]) -> Any:
    """A decoded body as one of the structs above. Raises a 400 that says where it is wrong."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        text, _, path = message.partition(" - at `$")
        pointer = "/" + path.rstrip("`").strip(".").replace(".", "/").replace("[", "/").replace("]", "")
        if missing := MISSING.search(text):
            pointer = f"{pointer.rstrip('/')}/{missing[1]}"
        raise bad_request("invalid_body", f"{text}.", pointer if path or missing else None) from None
