"""Every rule that can be set: what it is called, what it may be, what it means. Pure; the API and the page use it."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, NamedTuple

from dispatch.planning.prices import DEFAULTS as PRICES
from dispatch.tracking.languages import LANGUAGES

PROOFS = ("photo", "signature", "code")
CHANNELS = ("mail", "sms", "push")
MOST_SLOTS = 12
DEAREST = 1_000_000
ABOVE_NOUGHT = frozenset({"speed_kmh", "detour"})
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class WrongRule(ValueError):
    """A value that a rule cannot have; the text says why."""


class Rule(NamedTuple):
    """One rule; `read` gives the value as it is kept, or raises WrongRule."""

    label: str
    help: str
    read: Callable[[Any], Any]


def whole(least: int, most: int, unit: str) -> Callable[[Any], int]:
    """A whole number between two others, both included."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise WrongRule(f"must be a whole number of {unit} from {least:,} to {most:,}.")
        return int(value)

    return read


def truth(value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise WrongRule("must be true or false.")
    return value


def some_of(names: tuple[str, ...]) -> Callable[[Any], list[str]]:
    """A list of these, each once."""

    def read(value: Any) -> list[str]:
        if not isinstance(value, list) or any(one not in names for one in value):
            raise WrongRule(f"must be a list of {', '.join(names)}; none is fine too.")
        return [name for name in names if name in value]

    return read


def text(longest: int) -> Callable[[Any], str]:
    """A text on one line."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest or "\x00" in value:
            raise WrongRule(f"must be a text of at most {longest} characters.")
        return " ".join(value.split())

    return read


def language(value: Any) -> str:
    """One that customers are spoken to in."""
    if value not in LANGUAGES:
        raise WrongRule(f"must be one of {', '.join(LANGUAGES)}.")
    return str(value)


def hours(value: Any) -> list[list[str]]:
    """Pairs of local times; an end at or before its begin is on the next day."""
    fits = isinstance(value, list) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(at, str) and _CLOCK.fullmatch(at) for at in pair)
        for pair in value
    )
    if not fits or len(value) > MOST_SLOTS:
        raise WrongRule(f'must be at most {MOST_SLOTS} pairs of times such as ["09:00", "12:00"].')
    if any(begin == end for begin, end in value):
        raise WrongRule("has a pair whose begin and end are the same.")
    return sorted(value)


def clock(*, none: bool = False) -> Callable[[Any], time | None]:
    """A local time of day such as 22:00; with `none` there may be none."""

    def read(value: Any) -> time | None:
        if none and value in (None, ""):
            return None
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            raise WrongRule("must be a time of day such as 22:00" + (", or null." if none else "."))
        return time.fromisoformat(value)

    return read


def prices(value: Any) -> dict[str, Any]:
    """Numbers by the name of what they price, and `pace_by_hour`: pairs of a local time and how much slower it goes."""
    if not isinstance(value, dict):
        raise WrongRule("must be an object of numbers.")
    for name, number in value.items():
        if name == "pace_by_hour":
            _paces(number)
        elif name not in PRICES:
            raise WrongRule(f"has {str(name)[:40]!r}, which prices nothing. It can have {', '.join(PRICES)}.")
        elif isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= DEAREST:
            raise WrongRule(f"has {number!r} for {name}: it must be a number from 0 to {DEAREST:,}.")
        elif name in ABOVE_NOUGHT and number == 0:
            raise WrongRule(f"has 0 for {name}: it must be above nought.")
    return value


def _paces(value: Any) -> None:
    fits = isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and _CLOCK.fullmatch(pair[0])
        and isinstance(pair[1], int | float) and 0.1 <= pair[1] <= 10
        for pair in value
    )  # fmt: skip
    if not fits:
        raise WrongRule(
            'has a pace_by_hour that is not like [["08:00", 1.3], ["11:00", 1.0]], with paces from 0.1 to 10.'
        )


RULES: Mapping[str, Rule] = {
    "weights": Rule("Prices of plans", "What a plan weighs against kilometres.", prices),
    "brand": Rule("Name customers know you by", "Shown on their page and in messages.", text(100)),
    "language": Rule("Language", "In which customers are spoken to who did not say.", language),
    "reveal_stops_away": Rule(
        "Stops",
        "The driver is on the customer's map once this many stops, or fewer, are left.",
        whole(0, 50, "stops"),
    ),
    "customers_reschedule": Rule("Customers may choose another time", "While it is not on its way.", truth),
    "customers_note": Rule("Customers may leave a note", "The driver reads it at the stop.", truth),
    "slots_offered": Rule("Times offered", "Local times of day a customer may choose from.", hours),
    "ends_after_s": Rule("Links end", "So long after the delivery.", whole(0, 90 * 86_400, "seconds")),
    "proofs": Rule("A delivery is proven by", "The driver's page asks for all of these.", some_of(PROOFS)),
    "notify_channels": Rule("Customers are told by", "None: they are not told.", some_of(CHANNELS)),
    "first_wait_s": Rule(
        "After a first failed attempt",
        "So long until it may be tried again.",
        whole(0, 7 * 86_400, "seconds"),
    ),
    "second_wait_s": Rule(
        "After the last failed attempt",
        "So long until a supervisor decides.",
        whole(0, 7 * 86_400, "seconds"),
    ),
    "most_attempts": Rule("Attempts", "Before a supervisor decides.", whole(1, 10, "attempts")),
    "unconfirmed_after_s": Rule(
        "Unconfirmed",
        "A shipment out for so long without word is told of.",
        whole(300, 7 * 86_400, "seconds"),
    ),
    "quiet_from": Rule(
        "Quiet from",
        "Local time of the hub from which no text message is sent; mails are.",
        clock(none=True),
    ),
    "quiet_to": Rule("Quiet to", "When they are sent again. Both, or neither.", clock(none=True)),
    "day_ends_at": Rule(
        "The day ends", "Local time of the hub at which what is left is carried over and counted.", clock()
    ),
    "silent_after_s": Rule(
        "Silent", "A driver not heard of for so long on the way is told of.", whole(60, 86_400, "seconds")
    ),
}


def read(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as they are kept, and what is wrong by name. A name that is no rule is wrong."""
    kept, wrong = {}, {}
    for name, value in changes.items():
        rule = RULES.get(name)
        try:
            if rule is None:
                raise WrongRule("is no rule.")
            kept[name] = rule.read(value)
        except WrongRule as problem:
            wrong[name] = str(problem)
    return kept, wrong
