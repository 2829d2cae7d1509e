"""How long a leg takes when it begins at a given second: exact in whole seconds, and who leaves later arrives later."""

from dispatch.optimiser.indexed import Legs
from dispatch.optimiser.travel.tables import WHOLE


def arrival(legs: Legs, origin: int, target: int, leave_s: int) -> int | None:
    """When a vehicle that leaves `origin` at `leave_s` is at `target`; None where no way is known.

    With one period it is the table's time. With several, the leg is driven at the pace of each period it runs
    through (Ichoua, Gendreau and Potvin 2003), in parts of WHOLE rounded up so that no second is gained.
    """
    durations = legs.durations
    if legs.distance[origin, target] < 0:
        return None
    if len(durations) == 1:
        seconds = durations[0][origin, target]
        return leave_s + seconds if seconds >= 0 else None
    return _through_periods(legs, origin, target, leave_s)


def _through_periods(legs: Legs, origin: int, target: int, leave_s: int) -> int | None:
    starts, durations = legs.starts, legs.durations
    if any(matrix[origin, target] < 0 for matrix in durations):
        return None
    period = 0
    while period + 1 < len(starts) and starts[period + 1] <= leave_s:
        period += 1
    now, left = leave_s, WHOLE
    while True:
        seconds = durations[period][origin, target]
        if seconds == 0:
            return now
        pace = -(-WHOLE // seconds)
        needed = -(-left // pace)
        if period + 1 == len(starts) or now + needed <= starts[period + 1]:
            return now + needed
        left -= (starts[period + 1] - now) * pace
        now = starts[period + 1]
        period += 1
