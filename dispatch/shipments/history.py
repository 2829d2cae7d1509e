"""The events of one shipment in the order they happened, what they make of it, and where a new fact belongs. Pure.

Events are numbered as they become known, and folded in the order in which they happened: by `occurred_at`, then by
number. A driver's phone that was without a network for hours tells of what lies between events already written; its
facts take their places there, and what was decided in between without knowing of them is moot where they say otherwise.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from dispatch.shipments import kinds
from dispatch.shipments.apply import apply
from dispatch.shipments.commands import Command
from dispatch.shipments.decide import decide
from dispatch.shipments.kinds import Event
from dispatch.shipments.state import NOTHING, State
from dispatch.shipments.transitions import IllegalTransition, follows

# no late fact takes these back: who tells of one that cannot stand beside them is refused
FINAL = (kinds.DeliveryConfirmed, kinds.Returned)


class Known(Struct, frozen=True):
    """An event with its number and its times."""

    event: Event
    sequence: int
    occurred_at: datetime
    recorded_at: datetime


class Settled(Struct, frozen=True):
    """What a command comes to: its events, when they happened, and the shipment after them."""

    events: list[Event]
    occurred_at: datetime
    state: State


def in_order(history: Iterable[Known]) -> list[Known]:
    """As they happened."""
    return sorted(history, key=lambda known: (known.occurred_at, known.sequence))


def fold(history: Sequence[Known]) -> State:
    """The shipment as these events say."""
    return _numbered(_folded(in_order(history)), history)


def moot(history: Iterable[Known]) -> set[int]:
    """The numbers of the events that had no effect, because of what became known later."""
    found, state = set(), NOTHING
    for known in in_order(history):
        if not follows(state, type(known.event)):
            found.add(known.sequence)
        state = apply(state, known.event, known.occurred_at)
    return found


def as_of(history: Iterable[Known], at: datetime, known_at: datetime | None = None) -> list[Known]:
    """What had happened at that time, of what was known at the other; by default of all that is known now."""
    return [
        known
        for known in history
        if known.occurred_at <= at and (known_at is None or known.recorded_at <= known_at)
    ]


def settle(history: Sequence[Known], command: Command, claimed: datetime) -> Settled:
    """What the command comes to when it happened at `claimed`. Raises IllegalTransition.

    Where it is not legal there it is taken for what happened as soon after as it is legal: two clocks are never quite
    equal, and a phone may tell of setting out a second before our clock says it was given the manifest.
    """
    ordered = in_order(history)
    if not ordered or ordered[-1].occurred_at <= claimed:
        return _settled_at(ordered, len(ordered), command, claimed)
    moments = [claimed, *(known.occurred_at for known in ordered if known.occurred_at > claimed)]
    for moment in moments:
        place = sum(1 for known in ordered if known.occurred_at <= moment)
        try:
            settled = _settled_at(ordered, place, command, moment)
        except IllegalTransition as illegal:
            refused = illegal
        else:
            # behind the last event nothing can be taken back, so the last moment settles or refuses
            if not settled.events or _endings(ordered) <= _endings(_with(ordered, settled)):
                return settled
    raise refused


def _settled_at(ordered: list[Known], place: int, command: Command, at: datetime) -> Settled:
    state = _folded(ordered[:place])
    events = decide(_numbered(state, ordered), command, at)
    number = max((known.sequence for known in ordered), default=0)
    for event in events:
        state = apply(state, event, at)
    for known in ordered[place:]:
        state = apply(state, known.event, known.occurred_at)
    return Settled(events, at, replace(state, sequence=number + len(events)))


def _folded(ordered: Iterable[Known]) -> State:
    state = NOTHING
    for known in ordered:
        state = apply(state, known.event, known.occurred_at)
    return state


def _numbered(state: State, history: Iterable[Known]) -> State:
    return replace(state, sequence=max((known.sequence for known in history), default=0))


def _with(ordered: list[Known], settled: Settled) -> list[Known]:
    number = max(known.sequence for known in ordered)
    new = [
        Known(event, number + n, settled.occurred_at, settled.occurred_at)
        for n, event in enumerate(settled.events, 1)
    ]
    return in_order([*ordered, *new])


def _endings(ordered: list[Known]) -> set[int]:
    """The numbers of the endings that stand."""
    passed = moot(ordered)
    return {
        known.sequence for known in ordered if isinstance(known.event, FINAL) and known.sequence not in passed
    }
