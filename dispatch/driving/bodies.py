"""What a driver's phone sends, and what it gets back."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(max_length=500)]
MOST_ACTIONS = 200
MOST_NUMBER = 2**53


class Place(Struct):
    """Where the phone was."""

    longitude: Annotated[float, Meta(ge=-180, le=180)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    accuracy_m: Annotated[float, Meta(ge=0)] | None = None


class Done(Struct):
    """One thing a driver did. `at_ms` is by the phone's clock, in milliseconds since 1970; `number` counts there."""

    id: UUID
    number: Annotated[int, Meta(ge=1, le=MOST_NUMBER)]
    kind: Annotated[str, Meta(max_length=20)]
    at_ms: Annotated[int, Meta(ge=-MOST_NUMBER, le=MOST_NUMBER)]
    stop: Annotated[str, Meta(max_length=40)] | None = None
    manifest: Annotated[str, Meta(max_length=40)] | None = None
    version: Annotated[int, Meta(ge=0)] | None = None
    place: Place | None = None
    recipient: Text = ""
    reason: Annotated[str, Meta(max_length=40)] = ""
    note: Text = ""
    code: Annotated[str, Meta(max_length=100)] = ""
    cash_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    proofs: Annotated[list[UUID], Meta(max_length=10)] = field(default_factory=list)


class Sent(Struct):
    """What is sent at once: the oldest first, each read by itself. `clock_ms` is what the phone's clock says now."""

    clock_ms: int
    actions: Annotated[list[Any], Meta(max_length=MOST_ACTIONS)]


class Answer(Struct):
    """What became of one action: `done`, `repeated` (it was there already) or `refused`, and then why."""

    id: str  # as the phone wrote it
    outcome: str
    refusal: str = ""


class Answered(Struct):
    """The answers, one for each action in the order in which they came, and the day as it is now."""

    answers: list[Answer]
    day: dict[str, Any]
