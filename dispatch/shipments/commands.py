"""What can be asked of a shipment, a struct for each command. Pure.

Ids are public ones (`hub_…`, `drv_…`, `mft_…`), amounts of money are in minor units, times are in UTC. Whether a
command is legal says `decide.py`; whether its values make sense, `checks.py`.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from dispatch.shipments.kinds import SENDER, Proof, Slot

USUAL_SERVICE_S = 180


class Command(Struct, frozen=True, kw_only=True):
    """Something asked of one shipment."""


class Create(Command, frozen=True, kw_only=True):
    """Announce it. With a longitude and latitude, `place_by` says who found them ("given": whoever sent it)."""

    hub: str | None = None
    recipient: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    place_by: str = ""
    confidence: float | None = None
    doubtful: bool = False
    slots: tuple[Slot, ...] = ()
    size: dict[str, float] = {}
    service_s: int = USUAL_SERVICE_S
    priority: int = 0
    skills: tuple[str, ...] = ()
    cash_minor: int = 0
    currency: str = ""
    metadata: dict[str, Any] = {}


class CorrectAddress(Command, frozen=True, kw_only=True):
    """Say where it goes: a place found by geocoding, or by a person (`place_by="person"`)."""

    place_by: str
    longitude: float | None = None
    latitude: float | None = None
    address: str | UnsetType = UNSET
    confidence: float | None = None
    doubtful: bool = False


class ChangeDetails(Command, frozen=True, kw_only=True):
    """Change what is to be done; what is unset stays."""

    recipient: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    slots: tuple[Slot, ...] | UnsetType = UNSET
    size: dict[str, float] | UnsetType = UNSET
    service_s: int | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    skills: tuple[str, ...] | UnsetType = UNSET
    cash_minor: int | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class ChangeHub(Command, frozen=True, kw_only=True):
    """Let another hub deliver it."""

    hub: str


class ConfirmPickup(Command, frozen=True, kw_only=True):
    """It is in our hands."""

    hub: str | None = None


class Assign(Command, frozen=True, kw_only=True):
    """A released manifest gives it to a driver. The same again does nothing."""

    manifest: str
    version: int
    driver: str
    hub: str | None = None
    promised_to: datetime | None = None


class Unassign(Command, frozen=True, kw_only=True):
    """It leaves its manifest, undelivered."""

    reason: str


class StartDelivery(Command, frozen=True, kw_only=True):
    """Its driver sets out. Again does nothing."""


class FailAttempt(Command, frozen=True, kw_only=True):
    """Its driver was there and could not deliver."""

    reason: str
    note: str = ""
    longitude: float | None = None
    latitude: float | None = None
    driver: str | None = None  # none: the one who has it
    proofs: tuple[Proof, ...] = ()


class AllowAttempt(Command, frozen=True, kw_only=True):
    """It may be planned again, from a time on."""

    not_before: datetime | None = None


class ConfirmDelivery(Command, frozen=True, kw_only=True):
    """It was handed over."""

    recipient: str = ""
    proofs: tuple[Proof, ...] = ()
    cash_minor: int = 0
    note: str = ""
    longitude: float | None = None
    latitude: float | None = None
    driver: str | None = None  # none: the one who has it


class Reschedule(Command, frozen=True, kw_only=True):
    """It is wanted at another time. One whose attempt failed may be planned again by that."""

    slots: tuple[Slot, ...]
    reason: str = ""


class LeaveNote(Command, frozen=True, kw_only=True):
    """Tell the driver something; the newest note of each counts. Recipients see only their own."""

    note: str
    whose: str = SENDER


class Cancel(Command, frozen=True, kw_only=True):
    """It is not to be delivered any more."""

    reason: str


class StartReturn(Command, frozen=True, kw_only=True):
    """Send it back."""

    reason: str


class ConfirmReturn(Command, frozen=True, kw_only=True):
    """Whoever sent it has it back."""

    hub: str | None = None


class ReportDamage(Command, frozen=True, kw_only=True):
    """It is damaged."""

    reason: str
    note: str = ""
    proofs: tuple[Proof, ...] = ()


class ReportLoss(Command, frozen=True, kw_only=True):
    """Nobody knows where it is."""

    reason: str


class NoteOverride(Command, frozen=True, kw_only=True):
    """A person changed what the plan had said of it."""

    override: str
    reason_code: str
    manifest: str | None = None


class ForgetPersonalData(Command, frozen=True, kw_only=True):
    """Delete what is known of its recipient, once it has ended."""

    reason: str


COMMANDS: dict[str, type[Command]] = {
    "correct_address": CorrectAddress,
    "change_details": ChangeDetails,
    "change_hub": ChangeHub,
    "confirm_pickup": ConfirmPickup,
    "assign": Assign,
    "unassign": Unassign,
    "start_delivery": StartDelivery,
    "fail_attempt": FailAttempt,
    "allow_attempt": AllowAttempt,
    "confirm_delivery": ConfirmDelivery,
    "reschedule": Reschedule,
    "leave_note": LeaveNote,
    "cancel": Cancel,
    "start_return": StartReturn,
    "confirm_return": ConfirmReturn,
    "report_damage": ReportDamage,
    "report_loss": ReportLoss,
    "note_override": NoteOverride,
    "forget_personal_data": ForgetPersonalData,
}
NAMES: dict[type[Command], str] = {command: name for name, command in COMMANDS.items()} | {Create: "create"}
