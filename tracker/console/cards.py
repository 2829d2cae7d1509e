"""Cards on the overview that apps above this one bring, such as what was spent. They add them when they are ready."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.http.console import ConsoleRequest


@dataclass(frozen=True)
class Card:
    """A template, and what it shows as `card.facts`."""

    template: str
    facts: dict[str, Any]


Maker = Callable[[ConsoleRequest, datetime], Card | None]
MAKERS: list[Maker] = []


def offer(maker: Maker) -> None:
    """Ask `maker` for a card each time the overview is shown; None shows nothing."""
    if maker not in MAKERS:
        MAKERS.append(maker)


def cards_for(request: ConsoleRequest, *, now: datetime) -> list[Card]:
    """The cards for who asks, in the order they were offered."""
    return [card for maker in MAKERS if (card := maker(request, now)) is not None]
