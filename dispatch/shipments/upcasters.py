"""Reads events in whatever form they were written: each step takes one kind from one version to the next. Pure.

A stored event is never rewritten. When a kind changes its form, raise its `VERSION` in `kinds.py` and add the step
here; what was written before is lifted step by step each time it is read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dispatch.shipments.kinds import KINDS, SENDER, Event

Step = Callable[[dict[str, Any]], dict[str, Any]]
Steps = Mapping[tuple[str, int], Step]


def _note_of_whom(data: dict[str, Any]) -> dict[str, Any]:
    """Nobody wrote down whose it was: as the sender's, only the driver sees it."""
    return data | {"whose": SENDER}


STEPS: Steps = {("NoteLeft", 1): _note_of_whom}  # (kind, version): what makes version + 1 of it


class UnknownEvent(Exception):
    """An event of a kind or version this program does not know: it was written by a newer one."""


def lifted(
    kind: str,
    version: int,
    data: dict[str, Any],
    *,
    steps: Steps = STEPS,
    kinds: Mapping[str, type[Event]] = KINDS,
) -> Event:
    """The event in the form the program knows. Raises UnknownEvent, also where a step is missing."""
    known = kinds.get(kind)
    if known is None or version > known.VERSION:
        raise UnknownEvent(f"{kind} version {version} is not known here: a newer program wrote it")
    for number in range(version, known.VERSION):
        step = steps.get((kind, number))
        if step is None:
            raise UnknownEvent(f"{kind} has no step from version {number} to {number + 1}")
        data = step(data)
    try:
        return msgspec.convert(data, known)
    except msgspec.ValidationError as error:
        raise UnknownEvent(f"{kind} version {version} does not have its form: {error}") from None
