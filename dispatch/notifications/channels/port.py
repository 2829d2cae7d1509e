"""What a channel is given and what it says of it. To add a channel, write `send` and name it in `chosen.py`. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to be told. `id` is the same however often it is tried: receivers know repeats by it."""

    id: str  # ntf_...
    address: str
    subject: str
    short: str  # for a phone
    body: str  # for a mail
    language: str
    template: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try. `final`: another try would fail in the same way."""

    ok: bool
    problem: str = ""
    final: bool = False


SENT = Result(True)


class Channel(Protocol):
    """Tells messages; never raises for what the other side does or is. One result for each message, in order, each
    given as soon as it is known: the caller writes it down before the next is told."""

    def send(self, messages: Sequence[Message]) -> Iterable[Result]: ...
