"""What a command makes happen to a shipment. Pure: no clock, nothing read, nothing written."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from dispatch.shipments import commands, kinds
from dispatch.shipments.commands import COMMANDS, Command
from dispatch.shipments.kinds import Event
from dispatch.shipments.state import ASSIGNED, FAILED, OUT, State
from dispatch.shipments.transitions import IllegalTransition, follows, name_of

# of a shipment that is on a manifest, only what changes nothing of the plan
CONTACT = frozenset({"recipient", "phone", "email", "language", "metadata"})


def decide(state: State, command: Command, occurred_at: datetime) -> list[Event]:
    """The events that follow; none where all is so already. Raises IllegalTransition, which names what could be."""
    kind = _KINDS[type(command)]
    if already(state, command):
        return []
    if not follows(state, kind):
        raise IllegalTransition(state, name_of(command), legal(state))
    return _DECIDERS.get(type(command), _as_asked)(state, command, kind)


def legal(state: State) -> list[str]:
    """The commands it can take now, by name."""
    return [name for name, command in COMMANDS.items() if follows(state, _KINDS[command])]


def already(state: State, command: Command) -> bool:
    """Whether a command asks for what is so: it may be repeated without harm."""
    if isinstance(command, commands.Assign):
        same = (command.manifest, command.version, command.driver)
        return (
            state.state in {ASSIGNED, OUT} and (state.manifest, state.manifest_version, state.driver) == same
        )
    if isinstance(command, commands.StartDelivery):
        return state.state == OUT
    if isinstance(command, commands.ChangeHub):
        return state.hub == command.hub
    if isinstance(command, commands.Reschedule):
        return bool(state.state) and state.slots == command.slots and state.state != FAILED
    if isinstance(command, commands.ForgetPersonalData):
        return state.forgotten
    return False


def _as_asked(state: State, command: Command, kind: type[Event]) -> list[Event]:
    return [kind(**asdict(command))]


def _correct_address(state: State, command: commands.CorrectAddress, kind: type[Event]) -> list[Event]:
    address = state.address if command.address is UNSET else command.address
    asked = (command.longitude, command.latitude, command.place_by, command.doubtful, address)
    if asked == (state.longitude, state.latitude, state.place_by, state.place_doubtful, state.address):
        return []
    return _as_asked(state, command, kind)


def _change_details(state: State, command: commands.ChangeDetails, kind: type[Event]) -> list[Event]:
    asked = {name: value for name, value in asdict(command).items() if value is not UNSET}
    changed = {name: value for name, value in asked.items() if getattr(state, name) != value}
    planned = sorted(changed.keys() - CONTACT)
    if planned and state.state in {ASSIGNED, OUT}:
        why = f"{', '.join(planned)} cannot change while it is on a manifest; take it off first"
        raise IllegalTransition(state, name_of(command), legal(state), why)
    return [kinds.DetailsChanged(**changed)] if changed else []


def _unassign(state: State, command: commands.Unassign, kind: type[Event]) -> list[Event]:
    return [kinds.Unassigned(reason=command.reason, manifest=state.manifest)]


def _start(state: State, command: Command, kind: type[Event]) -> list[Event]:
    return [kinds.OutForDelivery(manifest=state.manifest or "", driver=state.driver or "")]


def _attempt(state: State, command: commands.FailAttempt, kind: type[Event]) -> list[Event]:
    facts = asdict(command) | {"driver": command.driver or state.driver, "attempt": state.attempts + 1}
    return [kinds.DeliveryAttempted(**facts)]


def _deliver(state: State, command: commands.ConfirmDelivery, kind: type[Event]) -> list[Event]:
    return [kinds.DeliveryConfirmed(**asdict(command) | {"driver": command.driver or state.driver})]


def _reschedule(state: State, command: commands.Reschedule, kind: type[Event]) -> list[Event]:
    """Whoever names another time after a failed attempt allows the next one."""
    wanted: list[Event] = [kinds.Rescheduled(slots=command.slots, reason=command.reason)]
    return [*wanted, kinds.AttemptAllowed()] if state.state == FAILED else wanted


def _leave_note(state: State, command: commands.LeaveNote, kind: type[Event]) -> list[Event]:
    there = state.note if command.whose == kinds.CUSTOMER else state.sender_note
    return [] if there == command.note else [kinds.NoteLeft(whose=command.whose, note=command.note)]


_DECIDERS: dict[type[Command], Callable[[State, Any, type[Event]], list[Event]]] = {
    commands.CorrectAddress: _correct_address,
    commands.ChangeDetails: _change_details,
    commands.Unassign: _unassign,
    commands.StartDelivery: _start,
    commands.FailAttempt: _attempt,
    commands.ConfirmDelivery: _deliver,
    commands.Reschedule: _reschedule,
    commands.LeaveNote: _leave_note,
}
# the event by which each command stands or falls
_KINDS: dict[type[Command], type[Event]] = {
    commands.Create: kinds.ShipmentCreated,
    commands.CorrectAddress: kinds.AddressCorrected,
    commands.ChangeDetails: kinds.DetailsChanged,
    commands.ChangeHub: kinds.HubChanged,
    commands.ConfirmPickup: kinds.PickupConfirmed,
    commands.Assign: kinds.Assigned,
    commands.Unassign: kinds.Unassigned,
    commands.StartDelivery: kinds.OutForDelivery,
    commands.FailAttempt: kinds.DeliveryAttempted,
    commands.AllowAttempt: kinds.AttemptAllowed,
    commands.ConfirmDelivery: kinds.DeliveryConfirmed,
    commands.Reschedule: kinds.Rescheduled,
    commands.LeaveNote: kinds.NoteLeft,
    commands.Cancel: kinds.Cancelled,
    commands.StartReturn: kinds.ReturnStarted,
    commands.ConfirmReturn: kinds.Returned,
    commands.ReportDamage: kinds.Damaged,
    commands.ReportLoss: kinds.Lost,
    commands.NoteOverride: kinds.ManifestOverridden,
    commands.ForgetPersonalData: kinds.PersonalDataForgotten,
}
