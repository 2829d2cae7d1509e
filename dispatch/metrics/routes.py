"""A manifest's stops as the forecast sees them at a time: what was done by then and taught something, what is to come.

What is told is also what a back-test may know: given a time in the past, nothing that was noted later is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.metrics.forecast import (
    LEAST_LEFT_S,
    Arrival,
    Done,
    Pace,
    StopAhead,
    at_the_door,
    forecast,
    own_pace,
)


@dataclass(frozen=True)
class Route:
    """A manifest with the stops that are on it, in order, and the seconds each stop is planned to take."""

    manifest: Manifest
    stops: Sequence[ManifestStop]
    service_s: dict[int, float]  # by stop

    def done_by(self, at: datetime) -> list[ManifestStop]:
        """The stops finished by then, as they came one after another."""
        found = [stop for stop in self.stops if stop.finished_at is not None and stop.finished_at <= at]
        return sorted(found, key=lambda stop: (stop.finished_at, stop.place))

    def legs_done(self, at: datetime) -> list[Done]:
        """The legs between stops that followed each other as planned."""
        done = self.done_by(at)
        return [
            Done(self.travel_s(stop), (stop.arrived_at - before.finished_at).total_seconds())
            for before, stop in pairwise(done)
            if stop.arrived_at is not None
            and before.finished_at is not None
            and (stop.place or 0) == (before.place or 0) + 1
        ]

    def stays_done(self, at: datetime) -> list[Done]:
        """How long the stops took."""
        return [
            Done(self.service_s.get(stop.pk, 0.0), (stop.finished_at - stop.arrived_at).total_seconds())
            for stop in self.done_by(at)
            if stop.arrived_at is not None and stop.finished_at is not None
        ]

    def travel_s(self, stop: ManifestStop) -> float:
        """The planned seconds to a stop from the one before, or from where the route begins."""
        return self._travel_s.get(stop.pk, 0.0)

    @cached_property
    def _travel_s(self) -> dict[int, float]:
        found, left = {}, self.manifest.starts_at
        for stop in self.stops:
            seconds = (stop.planned_arrival - left).total_seconds() if left is not None else 0.0
            found[stop.pk] = max(seconds, 0.0)
            left = stop.planned_departure
        return found


def arrivals_at(
    route: Route, usual: Pace, at: datetime, *, first_travel_s: float | None = None
) -> list[Arrival]:
    """What can be said at a time of the stops that are then to come, in order.

    `first_travel_s`: how far it is by time to the next stop from where the driver is, where that is known; else it is
    reckoned from the last stop.
    """
    done = route.done_by(at)
    over = {stop.pk for stop in done}
    open_stops = [stop for stop in route.stops if stop.pk not in over]
    if not open_stops:
        return []
    pace = own_pace(usual, route.legs_done(at), route.stays_done(at))
    stops = [
        StopAhead(one.pk, route.travel_s(one), route.service_s.get(one.pk, 0.0), one.slot_from, one.slot_to)
        for one in open_stops
    ]
    first, arrived = stops[0], open_stops[0].arrived_at
    if arrived is not None and arrived <= at:
        left_s = max(first.service_s * pace.service - (at - arrived).total_seconds(), LEAST_LEFT_S)
        # what is left at the door is no leg: it is put before the next one by setting out later
        told = forecast(at, _delayed(stops[1:], left_s, pace), pace)
        return [at_the_door(first, arrived), *told]
    begins, is_begun = _begins(route, done, at)
    if first_travel_s is not None:
        to_go = first_travel_s / pace.travel
    elif is_begun:
        gone_s = max((at - begins).total_seconds(), 0.0)
        to_go = max(first.travel_s - gone_s / pace.travel, min(first.travel_s, LEAST_LEFT_S))
    else:
        to_go = first.travel_s
    head = StopAhead(first.stop, to_go, first.service_s, first.slot_from, first.slot_to)
    return forecast(max(at, begins), [head, *stops[1:]], pace)


def _begins(route: Route, done: Sequence[ManifestStop], at: datetime) -> tuple[datetime, bool]:
    """When the driver left for the next stop, or will; and whether they have."""
    if done and done[-1].finished_at is not None:
        return done[-1].finished_at, True
    manifest = route.manifest
    if manifest.begun_at is not None and manifest.begun_at <= at:
        return manifest.begun_at, True
    return manifest.starts_at or at, False


def _delayed(stops: Sequence[StopAhead], seconds: float, pace: Pace) -> list[StopAhead]:
    if not stops:
        return []
    head = stops[0]
    later = StopAhead(
        head.stop, head.travel_s + seconds / pace.travel, head.service_s, head.slot_from, head.slot_to
    )
    return [later, *stops[1:]]
