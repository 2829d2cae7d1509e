"""Writes on shipments: one command, many commands, many new shipments. The only way a shipment ever changes.

Each call is one transaction: events, what is kept beside them, the projection and the outbox, or nothing. The caller is
in the scope of the environment (an API or console request is; background code enters `tracker.tenants.scope`).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from dispatch.shipments import announcing, store
from dispatch.shipments.announcing import Created, NewShipment, Refused, Repeated, Result
from dispatch.shipments.authors import Author, running_request
from dispatch.shipments.checks import BadCommand, require_sense
from dispatch.shipments.commands import Command
from dispatch.shipments.forgetting import forget
from dispatch.shipments.history import settle
from dispatch.shipments.kinds import PersonalDataForgotten
from dispatch.shipments.personal import bare
from dispatch.shipments.projection import project
from dispatch.shipments.state import State
from dispatch.shipments.store import Overtaken, Parcel, Writing
from dispatch.shipments.telling import tell
from dispatch.shipments.transitions import IllegalTransition

TRIES = 8  # of a writer who is overtaken again and again
CHUNK = 1_000  # shipments read and written with one statement each

Asked = tuple[int, Command]  # the row number of a shipment, and what is asked of it


class UnknownShipment(Exception):
    """There is no such shipment in the environment."""


class SequenceMoved(Exception):
    """The shipment is not the one the caller looked at: something happened to it since."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"The shipment is at event {actual}, not at {expected}: look at it again.")
        self.expected, self.actual = expected, actual


class Busy(Exception):
    """Others wrote on the same shipments again and again. Nothing was written; the same may succeed at once."""


Refusal = IllegalTransition | BadCommand | UnknownShipment
Outcome = State | Refusal


def execute(
    environment_id: int,
    shipment_id: int,
    command: Command,
    *,
    author: Author,
    now: datetime,
    occurred_at: datetime | None = None,
    expected_sequence: int | None = None,
    request_id: UUID | None = None,
) -> State:
    """Do one thing to one shipment; the shipment after it. What is so already is no error and writes nothing.

    `occurred_at` is when it happened, hours ago perhaps (a phone without a network); never later than `now`. With
    `expected_sequence` only if nothing happened since the caller looked. Raises IllegalTransition (with `.legal`),
    BadCommand (with `.faults`), UnknownShipment, SequenceMoved, Busy.
    """
    writing = _writing(environment_id, author, now, request_id)
    outcome = _execute(writing, [(shipment_id, command)], occurred_at, expected_sequence)[0]
    if isinstance(outcome, State):
        return outcome
    raise outcome


def execute_many(
    environment_id: int,
    asked: Sequence[Asked],
    *,
    author: Author,
    now: datetime,
    occurred_at: datetime | None = None,
    request_id: UUID | None = None,
) -> list[Outcome]:
    """Do many things at once, in the order given; for each the shipment after it, or why it could not be.

    Refusals are returned, not raised, and hold up none of the others. All of it is one transaction. Raises Busy.
    """
    writing = _writing(environment_id, author, now, request_id)
    found: dict[int, Outcome] = {}
    # shipment by shipment, in one order for everybody: two such calls wait for each other and never in a ring
    places = sorted(range(len(asked)), key=lambda place: asked[place][0])
    with transaction.atomic():
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            outcomes = _execute(writing, [asked[place] for place in chunk], occurred_at, None)
            found |= dict(zip(chunk, outcomes, strict=True))
    return [found[place] for place in range(len(asked))]


def create(
    environment_id: int,
    wanted: Sequence[NewShipment],
    *,
    author: Author,
    now: datetime,
    occurred_at: datetime | None = None,
    request_id: UUID | None = None,
    change: bool = False,
) -> list[Result]:
    """Announce many shipments; for each, in order: Created, Repeated (was there, the same) or Refused (why, by field).

    One whose `external_id` is taken by another content is Refused with what differs; with `change=True` it takes the
    new content where its state allows (Repeated with `changed=True`). All of it is one transaction.
    """
    writing = _writing(environment_id, author, now, request_id)
    happened = min(occurred_at or now, now)
    found: list[Result] = []
    with transaction.atomic():
        for start in range(0, len(wanted), CHUNK):
            found += announcing.announce(writing, wanted[start : start + CHUNK], happened)
        if change:
            found = _changed(writing, found)
    return found


def _changed(writing: Writing, found: list[Result]) -> list[Result]:
    """Give those that were refused for another content the new one, where that is legal."""
    clashes = [(number, one) for number, one in enumerate(found) if isinstance(one, Refused) and one.changes]
    asked: list[Asked] = [
        (one.shipment_id, command) for _, one in clashes for command in one.changes if one.shipment_id
    ]
    outcomes = iter(_execute(writing, asked, None, None) if asked else [])
    for number, one in clashes:
        answers = [next(outcomes) for _ in one.changes]
        refused = next((answer for answer in answers if not isinstance(answer, State)), None)
        last = answers[-1]
        if refused is None and isinstance(last, State) and one.shipment_id:
            found[number] = Repeated(one.shipment_id, one.public_id, last, changed=True)
        else:
            found[number] = announcing.refused_change(one, refused)
    return found


def _execute(
    writing: Writing, asked: Sequence[Asked], occurred_at: datetime | None, expected: int | None
) -> list[Outcome]:
    claimed = min(occurred_at or writing.now, writing.now)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _attempt(writing, asked, claimed, expected)
        except Overtaken:
            continue
    raise Busy(f"{len(asked)} commands were overtaken {TRIES} times")


def _attempt(
    writing: Writing, asked: Sequence[Asked], claimed: datetime, expected: int | None
) -> list[Outcome]:
    parcels = store.read(writing.environment_id, {shipment for shipment, _ in asked})
    if expected is not None:
        for parcel in parcels.values():
            if parcel.sequence != expected:
                raise SequenceMoved(expected, parcel.sequence)
    draft = store.draft(writing)
    outcomes: list[Outcome] = []
    states: dict[int, State] = {}
    for shipment, command in asked:
        outcome = _settle(parcels.get(shipment), command, claimed, draft)
        outcomes.append(outcome)
        if isinstance(outcome, State):
            states[shipment] = outcome
    draft.write()
    written = store.grouped(draft.appended)
    project(writing.environment_id, {key: state for key, state in states.items() if key in written})
    forget(writing.environment_id, [key for key, listed in written.items() if _forgets(listed)])
    tell(writing, parcels, states, written)
    return outcomes


def _forgets(appended: Sequence[store.Appended]) -> bool:
    return any(isinstance(one.known.event, PersonalDataForgotten) for one in appended)


def _settle(parcel: Parcel | None, command: Command, claimed: datetime, draft: store.Draft) -> Outcome:
    if parcel is None:
        return UnknownShipment("There is no such shipment in this environment.")
    if any(isinstance(known.event, PersonalDataForgotten) for known in parcel.history):
        command = bare(command)
    try:
        require_sense(command)
        settled = settle(parcel.history, command, claimed)
    except (IllegalTransition, BadCommand) as refusal:
        return refusal
    draft.add(parcel, settled.events, settled.occurred_at)
    return settled.state


def _writing(environment_id: int, author: Author, now: datetime, request_id: UUID | None) -> Writing:
    return Writing(
        environment_id=environment_id, author=author, now=now, request_id=request_id or running_request()
    )


__all__ = [
    "BadCommand",
    "Busy",
    "Created",
    "IllegalTransition",
    "NewShipment",
    "Refused",
    "Repeated",
    "SequenceMoved",
    "UnknownShipment",
    "create",
    "execute",
    "execute_many",
]
