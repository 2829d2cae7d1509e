"""What is wrong with a fix whatever came before it: too old, a clock that is off, too poor an accuracy. Pure.

A verdict here is a function of one copy of a report and the environment's bounds: final, and looked up nowhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest_lambda.judgement import Bounds
from ingest_lambda.outcomes import Filter, Verdict, filtered
from ingest_lambda.report import MICROSECONDS, PositionReport

DAY_US = 86_400 * MICROSECONDS
CLOCK_AHEAD_US = 5 * 60 * MICROSECONDS
# Nobody queues fixes for two years: a clock that far behind was reset, to 1970, 1980 or the day its software
# was made.
CLOCK_RESET_US = 730 * DAY_US
# A GPS receiver counts weeks in ten bits and then begins anew; old ones are two rounds behind.
ROLLOVERS = (1024, 2048)
_WEEK_US = 7 * DAY_US
_EPOCH = datetime.fromtimestamp(0, UTC)


def alone(fix: PositionReport, received_at_us: int, now_us: int, bounds: Bounds) -> Verdict | None:
    """The verdict on a fix that is wrong by itself; None for one that its neighbours must judge.

    Age is reckoned from receiving. `now_us` matters only to a report that waited on the stream for more than a
    day: the partition of its day may be gone.
    """
    recorded_at_us, kept_us = fix.recorded_at_us, bounds.retention_us
    if recorded_at_us < received_at_us - kept_us or recorded_at_us < now_us - kept_us - DAY_US:
        return _past(recorded_at_us, received_at_us, kept_us)
    if recorded_at_us > received_at_us + CLOCK_AHEAD_US:
        ahead_s = (recorded_at_us - received_at_us) // MICROSECONDS
        return filtered(Filter.CLOCK_AHEAD, f"recorded_at is {ahead_s} s after it was received; 300 s pass")
    if fix.accuracy_m is not None and fix.accuracy_m > bounds.accuracy_m:
        return filtered(
            Filter.POOR_ACCURACY,
            f"accuracy_m {fix.accuracy_m:g} is worse than the bound {bounds.accuracy_m:g}",
        )
    return None


def _past(recorded_at_us: int, received_at_us: int, kept_us: int) -> Verdict:
    """Too long ago: an old fix, or a clock that was reset."""
    for weeks in ROLLOVERS:
        likely_us = recorded_at_us + weeks * _WEEK_US
        if received_at_us - kept_us <= likely_us <= received_at_us + CLOCK_AHEAD_US:
            return filtered(
                Filter.CLOCK_BEHIND,
                f"recorded_at {_shown(recorded_at_us)} is what a GPS receiver says after {weeks} weeks have"
                f" rolled over; the fix is likely of {_shown(likely_us)}",
            )
    if received_at_us - recorded_at_us > CLOCK_RESET_US:
        years = (received_at_us - recorded_at_us) / DAY_US / 365.25
        return filtered(
            Filter.CLOCK_BEHIND,
            f"recorded_at {_shown(recorded_at_us)} lies {years:.0f} years before it was received: the clock was reset",
        )
    return filtered(Filter.TOO_OLD, f"recorded_at lies further back than the {kept_us // DAY_US} days kept")


def _shown(time_us: int) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError):
        return f"{time_us} µs"
