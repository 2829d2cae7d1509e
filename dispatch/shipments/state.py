"""What is known of a shipment at some time: the result of folding its events. Pure."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from dispatch.shipments.kinds import Slot

NONE = ""  # before it was announced
CREATED, READY, ASSIGNED, OUT, FAILED = "created", "ready", "assigned", "out_for_delivery", "failed"
DELIVERED, RETURNING, RETURNED = "delivered", "returning", "returned"
CANCELLED, LOST = "cancelled", "lost"
OPEN = frozenset({CREATED, READY, ASSIGNED, OUT, FAILED})  # may still be delivered
ENDED = frozenset({DELIVERED, RETURNED, CANCELLED, LOST})


class State(Struct, frozen=True, kw_only=True):
    """A shipment. `sequence` is that of the newest event it was made of, by which it is numbered for writers."""

    sequence: int = 0
    state: str = NONE
    hub: str | None = None
    picked_up: bool = False  # it has been in our hands
    on_road: bool = False  # it left with a driver and nobody said it came back
    recipient: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    place_by: str = ""
    place_confidence: float | None = None
    place_doubtful: bool = False
    slots: tuple[Slot, ...] = ()
    size: dict[str, float] = {}
    service_s: int = 0
    priority: int = 0
    skills: tuple[str, ...] = ()
    cash_minor: int = 0
    currency: str = ""
    cash_collected_minor: int = 0
    attempts: int = 0
    failed_reason: str = ""
    not_before: datetime | None = None
    note: str = ""  # of the recipient, to the driver
    sender_note: str = ""  # of whoever sent it, to the driver; the recipient does not see it
    damaged: bool = False
    driver: str | None = None
    manifest: str | None = None
    manifest_version: int = 0
    promised_to: datetime | None = None
    out_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None
    forgotten: bool = False  # what was known of the recipient was deleted
    metadata: dict[str, Any] = {}


NOTHING = State()
