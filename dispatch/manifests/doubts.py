"""How likely a planned stop is to fail, and why: by slack, spread of the pace, the place, the parcel's past. Pure.

A stop fails when it comes after its slot, or when the attempt does. The first follows from its slack and from how far
arrivals of this hub scatter; the second from the hub's own rate of failed attempts and what is known of this one. The
odds below are set by hand and are meant to rank, not to be exact: whether what they rank first fails more often is
measured afterwards (`uncertainty.check`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# how much each fact multiplies the odds of a failed attempt
DOUBTFUL_PLACE = 4.0
UNSURE_PLACE = 2.0
FIRST_TIME = 1.6
EARLIER_ATTEMPT = 2.5
NO_PHONE = 1.5
UNSURE_BELOW = 0.7  # confidence of a geocoded place

PRIOR_RATE, PRIOR_STOPS = 0.05, 100  # of failed attempts, until a hub has a past of its own
PRIOR_SPREAD_S, PRIOR_ARRIVALS = 900.0, 50
LEAST_SPREAD_S = 120.0
WORTH_NAMING = 0.25  # a stop that is likelier to fail than this is named
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Past:
    """A hub's last weeks: attempts and how many failed; arrivals, how late on average and how far scattered."""

    attempts: int = 0
    failed: int = 0
    arrivals: int = 0
    lateness_s: float = 0.0
    spread_s: float = 0.0

    @property
    def rate(self) -> float:
        """Of failed attempts, drawn towards the usual where there were few."""
        return (self.failed + PRIOR_RATE * PRIOR_STOPS) / (self.attempts + PRIOR_STOPS)

    @property
    def spread(self) -> float:
        """Of arrivals about what was planned, seconds, likewise."""
        squares = self.arrivals * self.spread_s**2 + PRIOR_ARRIVALS * PRIOR_SPREAD_S**2
        return max(math.sqrt(squares / (self.arrivals + PRIOR_ARRIVALS)), LEAST_SPREAD_S)

    @property
    def bias(self) -> float:
        """By how many seconds arrivals are late on average, likewise; early ones help nobody."""
        return max(0.0, self.lateness_s * self.arrivals / (self.arrivals + PRIOR_ARRIVALS))


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """What is known of a stop when it is planned.

    `slack_s` from the planned beginning to the end of the slot, None without a slot; `into_route` the share (0 to 1)
    of the route that lies before it, for what scatters adds up on the way.
    """

    shipment: str
    stop: str
    name: str
    slack_s: float | None = None
    into_route: float = 0.5
    place_doubtful: bool = False
    confidence: float | None = None
    first_time: bool = False
    attempts: int = 0
    phone: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """The chance that a stop fails, and the reasons in words, the weightiest first."""

    stop: PlannedStop
    chance: float
    reasons: tuple[str, ...]


def doubt_of(stop: PlannedStop, past: Past) -> Doubt:
    """How likely the stop is to fail, and why."""
    late = late_chance(stop, past)
    odds = past.rate / (1 - past.rate)
    reasons: list[tuple[float, str]] = []
    for holds, factor, words in (
        (stop.place_doubtful, DOUBTFUL_PLACE, "its place is doubtful"),
        (_unsure(stop), UNSURE_PLACE, "its place was guessed from the address"),
        (stop.attempts > 0, EARLIER_ATTEMPT, f"attempt {stop.attempts + 1}: an earlier one failed"),
        (stop.first_time, FIRST_TIME, "nothing was delivered there before"),
        (not stop.phone, NO_PHONE, "there is no phone number"),
    ):
        if holds:
            odds *= factor
            reasons.append((factor, words))
    if late >= 0.1 and stop.slack_s is not None:
        minutes = round(stop.slack_s / 60)
        said = f"{minutes} min before its slot ends" if minutes >= 0 else f"{-minutes} min after its slot"
        reasons.append(
            (
                1 / (1 - min(late, 0.99)) * 2,
                f"planned {said}, where arrivals scatter by {round(past.spread / 60)} min",
            )
        )
    fails = odds / (1 + odds)
    ordered = tuple(words for _, words in sorted(reasons, key=lambda one: -one[0]))
    return Doubt(stop, 1 - (1 - late) * (1 - fails), ordered)


def late_chance(stop: PlannedStop, past: Past) -> float:
    """That it comes after its slot: a normal tail, wider the further into the route."""
    if stop.slack_s is None:
        return 0.0
    spread = past.spread * math.sqrt(max(stop.into_route, 0.1) * 2)
    return 0.5 * math.erfc((stop.slack_s - past.bias * stop.into_route * 2) / (spread * math.sqrt(2)))


def uncertainty_of(doubts: Sequence[Doubt]) -> float:
    """The chance that a stop of the plan fails, taken over all of them; 0 of an empty one."""
    return sum(doubt.chance for doubt in doubts) / len(doubts) if doubts else 0.0


def flags_of(doubts: Sequence[Doubt]) -> list[dict[str, str]]:
    """Why a plan is flagged: its most doubtful stops with their reasons."""
    named = sorted(doubts, key=lambda doubt: -doubt.chance)[:MOST_NAMED]
    worst = [doubt for doubt in named if doubt.chance >= WORTH_NAMING] or named[:1]
    return [
        {
            "stop": doubt.stop.stop,
            "shipment": doubt.stop.shipment,
            "reason": f"{doubt.stop.name}: {round(doubt.chance * 100)} % likely to fail"
            + (f"; {', '.join(doubt.reasons[:3])}" if doubt.reasons else ""),
        }
        for doubt in worst
    ]


def _unsure(stop: PlannedStop) -> bool:
    return not stop.place_doubtful and stop.confidence is not None and stop.confidence < UNSURE_BELOW


def bar(past_plans: Sequence[float], share: float, least: float, otherwise: float) -> float:
    """Above which uncertainty a plan is flagged, so that about `share` of the past plans would have been.

    Never under `least`: on a calm day nothing is uncertain. `otherwise` until there are a hundred plans.
    """
    if len(past_plans) < 100:
        return otherwise
    ordered = sorted(past_plans)
    return max(ordered[min(len(ordered) - 1, math.ceil(len(ordered) * (1 - share)) - 1)], least)
