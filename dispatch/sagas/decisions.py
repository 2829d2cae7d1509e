"""What a step of a saga is given, what it may decide, and what it may bring about. Pure.

A step is a function of the saga as it stands, of facts read a moment ago, and of the time. It returns a decision; the
engine writes it down together with everything it brings about, in one transaction. So no step is ever half taken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

F = TypeVar("F")  # the facts a kind of saga looks at

DONE = "done"
COMPENSATED = "compensated"


@dataclass(frozen=True)
class Standing:
    """A saga before a step. `until` is what its present step waits for at the longest; None: nothing was set."""

    id: str  # sga_...
    subject: str
    step: str
    data: Mapping[str, Any]
    begun_at: datetime
    until: datetime | None
    count: int = 0  # steps taken so far


# --- What a step brings about: rows in the database, nothing else. What leaves the house is owed here, sent elsewhere


@dataclass(frozen=True)
class AllowAttempt:
    """The shipment may be planned again."""

    shipment: str
    not_before: datetime


@dataclass(frozen=True)
class AskForPlan:
    """The saga's hub is planned anew, keeping what people already know."""


@dataclass(frozen=True)
class WithdrawPlan:
    """The plan asked for is not needed any more; one that is under way goes on."""


@dataclass(frozen=True)
class CloseRoute:
    """What is left on this manifest leaves it and can be planned again; the manifest is over."""

    manifest: str
    reason: str


@dataclass(frozen=True)
class CarryOver:
    """These shipments, which say that they are on a route but are on none, can be planned again."""

    shipments: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class TellCustomer:
    """A message to the shipment's customer, by every channel they can be told by; `about` makes it one."""

    shipment: str
    template: str
    about: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Withdraw:
    """What the customer was to be told is overtaken, where it has not been sent yet."""

    shipment: str
    template: str
    about: str


@dataclass(frozen=True)
class TellTeam:
    """A mail to the members with this role, or above, who see the saga's hub; `about` makes it one a member."""

    template: str
    about: str
    role: str = "supervisor"
    facts: Mapping[str, Any] = field(default_factory=dict)
    shipment: str = ""


@dataclass(frozen=True)
class WithdrawFromTeam:
    """The same, taken back where it has not been sent yet."""

    template: str
    about: str


@dataclass(frozen=True)
class RaiseAlert:
    """An alert on the map, on this device; the same kind and subject are one alert while it is open."""

    device_id: int | None  # none: nothing on the map to hang it on
    kind: str
    subject: str
    text: str


@dataclass(frozen=True)
class EndAlert:
    """The alerts of that kind that this saga raised are over, unless another saga stands behind the same one."""

    kind: str


Effect = (
    AllowAttempt | AskForPlan | WithdrawPlan | CloseRoute | CarryOver | TellCustomer | Withdraw | TellTeam
    | WithdrawFromTeam
    | RaiseAlert | EndAlert
)  # fmt: skip


# --- What a step may decide ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Take:
    """The step is taken: what it came to, in a sentence; then another one, at the earliest at `due_at`.

    With `until` the next step waits for something to happen, at the longest until then: it is looked at at `due_at` and
    whenever something happened.
    """

    outcome: str
    then: str
    due_at: datetime
    effects: tuple[Effect, ...] = ()
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Nothing to do yet: look again then, or when something happens. `until` changes how long it waits at all."""

    look_at: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Finish:
    """The last step is taken."""

    outcome: str
    effects: tuple[Effect, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settle:
    """What the saga was about is settled without it: everything that still stands is taken back.

    `state`: done where it ended as it should, compensated where it was called off.
    """

    outcome: str
    state: str = DONE


@dataclass(frozen=True)
class NeedsPerson:
    """It cannot go on by itself."""

    problem: str


Decision = Take | Wait | Finish | Settle | NeedsPerson


@dataclass(frozen=True)
class Undoing:
    """How a step is taken back: in words, and what that brings about. No effects: there is nothing to take back."""

    outcome: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Step(Generic[F]):
    """One step. `undo` is asked, with what the step noted, when the saga ends otherwise than by its last step."""

    name: str
    title: str
    take: Callable[[Standing, F, datetime], Decision]
    undo: Callable[[Standing, F, Mapping[str, Any]], Undoing | None] = lambda standing, facts, noted: None


@dataclass(frozen=True)
class Definition(Generic[F]):
    """A kind of saga: its steps in their usual order, and when it is settled without them."""

    kind: str
    title: str
    about: str  # in one sentence, for people
    steps: tuple[Step[F], ...]
    settled: Callable[[Standing, F, datetime], Settle | None]

    def step(self, name: str) -> Step[F]:
        """The step of that name. Raises KeyError: a saga from a version of the software that had another one."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"{self.kind} has no step {name!r}")

    @property
    def first(self) -> str:
        """The step a saga begins with."""
        return self.steps[0].name
