"""Which event can follow on which state: the one table for who decides and for who folds. Pure.

`decide` refuses what cannot follow. `apply` passes over it: a fact that became known late may take the ground from
under what was written before it was known (delivered at ten, told at one, rescheduled at eleven): that is moot then.
"""

from dispatch.shipments import kinds
from dispatch.shipments.commands import NAMES, Command
from dispatch.shipments.state import (
    ASSIGNED,
    CANCELLED,
    CREATED,
    DELIVERED,
    ENDED,
    FAILED,
    LOST,
    NONE,
    OPEN,
    OUT,
    READY,
    RETURNING,
    State,
)

ANY = OPEN | ENDED | {RETURNING}
FOLLOWS: dict[type[kinds.Event], frozenset[str]] = {
    kinds.ShipmentCreated: frozenset({NONE}),
    kinds.AddressCorrected: OPEN,
    kinds.DetailsChanged: OPEN,
    kinds.HubChanged: frozenset({CREATED, READY, FAILED}),
    kinds.PickupConfirmed: frozenset({CREATED, ASSIGNED}),
    kinds.Assigned: OPEN,
    kinds.Unassigned: frozenset({ASSIGNED, OUT}),
    kinds.OutForDelivery: frozenset({ASSIGNED}),
    kinds.DeliveryAttempted: frozenset({ASSIGNED, OUT}),
    kinds.AttemptAllowed: frozenset({FAILED, READY}),
    kinds.DeliveryConfirmed: frozenset({ASSIGNED, OUT, FAILED}),
    kinds.Rescheduled: OPEN,
    kinds.NoteLeft: OPEN,
    kinds.Cancelled: OPEN,
    kinds.ReturnStarted: frozenset({READY, ASSIGNED, OUT, FAILED}),
    kinds.Returned: frozenset({RETURNING}),
    kinds.Damaged: ANY - {LOST},
    kinds.Lost: frozenset({READY, ASSIGNED, OUT, FAILED, RETURNING}),
    kinds.ManifestOverridden: ANY,
    kinds.PersonalDataForgotten: ENDED,
}
AT_THE_DOOR = frozenset({kinds.DeliveryConfirmed, kinds.DeliveryAttempted})
WORDS = {
    NONE: "not announced",
    CREATED: "announced",
    READY: "at the hub",
    ASSIGNED: "on a manifest",
    OUT: "out for delivery",
    FAILED: "waiting after a failed attempt",
    DELIVERED: "delivered",
    RETURNING: "on its way back",
    "returned": "returned",
    CANCELLED: "cancelled",
    LOST: "lost",
}


class IllegalTransition(Exception):
    """The shipment cannot do that from where it is; `legal` names the commands it can take."""

    def __init__(self, state: State, command: str, legal: list[str], why: str = "") -> None:
        can = f"It can take: {', '.join(legal)}." if legal else "Nothing can follow."
        reason = why or f"it is {WORDS[state.state]}"
        super().__init__(f"The shipment cannot take {command}: {reason}. {can}")
        self.state, self.command, self.legal = state.state, command, legal


def follows(state: State, kind: type[kinds.Event]) -> bool:
    """Whether an event of that kind can happen to a shipment in that state."""
    if kind is kinds.PickupConfirmed and state.picked_up:
        return False
    if state.state == CANCELLED:  # the parcel itself may still be on the road, or in our hands
        if kind is kinds.DeliveryConfirmed:
            return state.on_road
        if kind is kinds.ReturnStarted:
            return state.picked_up or state.on_road
    if kind is kinds.PersonalDataForgotten and state.forgotten:
        return False
    if kind in AT_THE_DOOR and state.state in {CREATED, READY}:
        return _had_a_carrier(state, kind)
    return state.state in FOLLOWS[kind]


def _had_a_carrier(state: State, kind: type[kinds.Event]) -> bool:
    """Whether it was taken off a manifest, or may be tried again after one: a phone without a network has not heard.

    What its driver did at the door counts. A second failed attempt does only where the plan was changed under it: the
    first one told twice is still one.
    """
    taken_off = state.driver is None
    return state.manifest is not None and (taken_off or kind is kinds.DeliveryConfirmed)


def name_of(command: Command) -> str:
    """What callers know the command as."""
    return NAMES[type(command)]
