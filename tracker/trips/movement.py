"""When a device moved and when it dwelled, read off its fixes. Pure; docs/standing-still.md measures it.

A dwell is a time of at least `dwell_s` within `radius_m` of its middle, in which the device was at rest: somebody who
walks about in a shop stays near its middle for long, and does not dwell. What lies between two dwells is a move.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from statistics import median
from typing import Literal, NamedTuple

METRES_A_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
MIDDLE_OF, MIDDLE_OF_DWELL = (
    50,
    500,
)  # fixes: that of a dwell follows slowly, so that drift does not drag it along


class MovingFix(NamedTuple):
    """A fix: recorded time in epoch seconds, WGS 84 degrees, and whether its engine ran, where that is known."""

    at_s: float
    longitude: float
    latitude: float
    ignition: bool | None = None


class Rules(NamedTuple):
    """What counts as a dwell. The defaults were measured on labelled phones."""

    radius_m: float = 60.0
    dwell_s: float = 300.0
    leave_m: float = 150.0  # so far from the middle one fix is enough
    leave_fixes: int = 3  # nearer, that many in a row are needed,
    leave_s: float = 20.0  # and once it was a dwell, over so long
    rest_m: float = 14.0  # a minute, from one minute's middle to the next: more is walking about
    gap_s: float = 7200.0  # silence in which something else may have happened: a move across it stands alone


class Segment(NamedTuple):
    """A stretch of time, epoch seconds. Of a dwell the place is its middle, of a move where it began."""

    kind: Literal["moving", "stopped"]
    from_s: float
    to_s: float
    distance_m: float  # along the fixes; of a dwell 0
    longitude: float
    latitude: float

    @property
    def duration_s(self) -> float:
        return self.to_s - self.from_s


RULES = Rules()


def segments(fixes: Sequence[MovingFix], rules: Rules = RULES) -> list[Segment]:
    """Dwells and moves in turn, from the first fix to the last. `fixes` come in recorded order; none gives none."""
    if not fixes:
        return []
    found: list[Segment] = []
    begin = 0  # of what is not told yet
    for first, last in _stays(fixes, rules):
        if first > begin:
            found.extend(_moves(fixes[begin : first + 1], rules))
        found.append(_dwell(fixes[first : last + 1]))
        begin = last
    if begin < len(fixes) - 1:
        found.extend(_moves(fixes[begin:], rules))
    return found


def distance_m(fixes: Sequence[MovingFix]) -> float:
    """The way through all fixes, in metres."""
    return sum(_apart_m(a.longitude, a.latitude, b) for a, b in pairwise(fixes))


def _stays(fixes: Sequence[MovingFix], rules: Rules) -> Iterable[tuple[int, int]]:
    """First and last index of each dwell, in order."""
    stay = _Stay(fixes, 0)
    for index in range(1, len(fixes)):
        ended = stay.ends_before(index, rules)
        if ended is None:
            continue
        if stay.is_dwell(rules):
            yield stay.first, stay.last
        stay = _Stay(fixes, ended)
        for again in range(ended + 1, index + 1):
            stay.ends_before(again, rules)
    if stay.is_dwell(rules):
        yield stay.first, stay.last


class _Stay:
    """Fixes around one middle: a dwell, if they last."""

    def __init__(self, fixes: Sequence[MovingFix], first: int) -> None:
        self._fixes = fixes
        self.first = self.last = first
        self._longitude, self._latitude = fixes[first].longitude, fixes[first].latitude
        self._count = 1
        self._out: int | None = None  # the first of the fixes outside, if the last ones are
        self._ignition_off: int | None = None

    def ends_before(self, index: int, rules: Rules) -> int | None:
        """Take in the next fix; the index at which the next stay begins where this one is over."""
        fix = self._fixes[index]
        apart_m = _apart_m(self._longitude, self._latitude, fix)
        lasted = self._fixes[self.last].at_s - self._fixes[self.first].at_s >= rules.dwell_s
        if apart_m <= rules.radius_m:
            self.last, self._out = index, None
            self._count += 1
            weight = 1 / min(self._count, MIDDLE_OF_DWELL if lasted else MIDDLE_OF)
            self._longitude += _turn(fix.longitude - self._longitude) * weight
            self._latitude += (fix.latitude - self._latitude) * weight
            if fix.ignition is False and self._ignition_off is None:
                self._ignition_off = index
            return None
        if self._out is None:
            self._out = index
        outside = self._fixes[self._out]
        out_s = fix.at_s - outside.at_s
        away = index - self._out + 1 >= rules.leave_fixes and (not lasted or out_s >= rules.leave_s)
        if not away and apart_m <= rules.leave_m:
            return None
        near = _apart_m(outside.longitude, outside.latitude, fix) <= rules.radius_m
        return self._out if near and not lasted else index

    def is_dwell(self, rules: Rules) -> bool:
        """Whether it lasted, and the device was at rest. An engine that was turned off needs no waiting."""
        if self._ignition_off is not None:
            return self.last > self.first
        fixes = self._fixes[self.first : self.last + 1]
        return fixes[-1].at_s - fixes[0].at_s >= rules.dwell_s and _restless_m(fixes) <= rules.rest_m


def _restless_m(fixes: Sequence[MovingFix]) -> float:
    """How far it went a minute, from one minute's middle to the next: metres. Minutes without a fix count too."""
    minutes: dict[int, list[MovingFix]] = {}
    for fix in fixes:
        minutes.setdefault(int((fix.at_s - fixes[0].at_s) // 60), []).append(fix)
    middles = [_middle(part) for part in minutes.values()]
    steps = [_apart_m(a.longitude, a.latitude, b) for a, b in pairwise(middles)]
    return sum(steps) / max((fixes[-1].at_s - fixes[0].at_s) / 60, 1.0)


def _middle(fixes: Sequence[MovingFix]) -> MovingFix:
    """The median of each coordinate, reckoned from the first fix so that 180 degrees is no border."""
    first = fixes[0]
    east = median(_turn(fix.longitude - first.longitude) for fix in fixes)
    return MovingFix(first.at_s, first.longitude + east, median(fix.latitude for fix in fixes))


def _dwell(fixes: Sequence[MovingFix]) -> Segment:
    middle = _middle(fixes)
    place = (_turn(middle.longitude), middle.latitude)
    return Segment("stopped", fixes[0].at_s, fixes[-1].at_s, 0.0, *place)


def _moves(fixes: Sequence[MovingFix], rules: Rules) -> Iterable[Segment]:
    """One move, or several where it was silent for long on the way."""
    begin = 0
    for index in range(1, len(fixes)):
        if fixes[index].at_s - fixes[index - 1].at_s > rules.gap_s:
            if index - 1 > begin:
                yield _move(fixes[begin:index])
            yield _move(fixes[index - 1 : index + 1])
            begin = index
    if begin < len(fixes) - 1:
        yield _move(fixes[begin:])


def _move(fixes: Sequence[MovingFix]) -> Segment:
    first, last = fixes[0], fixes[-1]
    return Segment("moving", first.at_s, last.at_s, distance_m(fixes), first.longitude, first.latitude)


def _apart_m(longitude: float, latitude: float, fix: MovingFix) -> float:
    """Metres, reckoned flat: exact enough for the hundreds of metres that count here."""
    east = _turn(fix.longitude - longitude) * cos(radians((latitude + fix.latitude) / 2))
    return METRES_A_DEGREE * hypot(east, fix.latitude - latitude)


def _turn(degrees: float) -> float:
    """Into -180 to 180."""
    return (degrees + 180.0) % 360.0 - 180.0
