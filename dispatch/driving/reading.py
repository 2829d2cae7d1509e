"""Reads what a phone sent one action at a time: one that makes no sense holds up none of the others.

What cannot be read is an action all the same, `Unreadable`: it is answered and kept as refused, so that the phone sends
it no more and a supervisor sees that there was something. What no database holds is left out of texts (U+0000, halves
of characters): keyboards and label readers produce it, and a delivery must not get lost by what nobody sees.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeGuard
from uuid import UUID, uuid5

import msgspec

from dispatch.driving.bodies import MOST_NUMBER, Done, Sent

LONGEST_NAME = 100  # of an id in an answer, where it is none of ours
LONGEST_KEPT = 4_000
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadBody(Exception):
    """What was sent is no list of actions at all; the text says why."""


@dataclass(frozen=True)
class Unreadable:
    """An action that cannot be read: what is known of it all the same."""

    id: UUID  # its own, or one made of its text, so that the same again is the same
    told: str  # the id as the phone wrote it, for the answer
    number: int  # 0 where it has none
    kind: str
    stop: str | None
    at_ms: int | None
    why: str
    data: dict[str, Any]


def read_body(body: bytes) -> tuple[int, list[Done | Unreadable]]:
    """What the phone's clock says, and what was sent in the order in which it came. Raises BadBody."""
    try:  # not msgspec's own reader: half a character in one text would cost all of them
        sent = msgspec.convert(json.loads(body), Sent)
    except (ValueError, RecursionError) as error:  # a validation error is a ValueError, and names the field
        raise BadBody(f"The actions are not as they should be: {error}.") from None
    return sent.clock_ms, [_one(value) for value in sent.actions]


def storable(value: Any) -> Any:
    """The same, without what no database holds in every text in it."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return value


def _one(sent: Any) -> Done | Unreadable:
    value = storable(sent)
    try:
        return msgspec.convert(value, Done)
    except (ValueError, RecursionError) as error:
        return _unreadable(value, str(error))


def _unreadable(value: Any, why: str) -> Unreadable:
    known = value if isinstance(value, dict) else {}
    told, number, stop, kind, at = (known.get(name) for name in ("id", "number", "stop", "kind", "at_ms"))
    text = json.dumps(value)
    return Unreadable(
        id=_uuid(told) or uuid5(UUID(int=0), text),
        told=told[:LONGEST_NAME] if isinstance(told, str) else "",
        number=number if _is_whole(number) and 0 <= number <= MOST_NUMBER else 0,
        kind=kind[:20] if isinstance(kind, str) else "",
        stop=stop if isinstance(stop, str) else None,
        at_ms=at if _is_whole(at) else None,
        why=f"This cannot be read: {why}.",
        data={"sent": text[:LONGEST_KEPT]},
    )


def _uuid(told: Any) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
