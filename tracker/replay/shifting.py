"""When a recording is to have happened: how far its times move, and when each fix is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.replay.recording import Fix

# One fix in so many may be dated long before the recording begins (a clock at 1970, a stale report); those are
# due at the start, or a replay at 60 times real time would begin with months of silence.
STRAGGLERS = 200


@dataclass(frozen=True)
class Plan:
    """`shift_us` is added to each recorded time. With a speed, a fix is due `due_s` after the start."""

    shift_us: int
    first_us: int
    last_us: int
    speed: float | None

    def due_s(self, fix: Fix) -> float:
        """Seconds after the start at which the fix is to be posted; 0 without a speed."""
        if self.speed is None:
            return 0.0
        return max(0.0, (fix.at_us - self.first_us) / 1_000_000 / self.speed)

    @property
    def lasts_s(self) -> float:
        """How long the replay takes, 0 where it goes as fast as the door takes it."""
        return (self.last_us - self.first_us) / 1_000_000 / self.speed if self.speed else 0.0


def plan(
    fixes: Sequence[Fix], *, now_us: int, speed: float | None, own_times: bool, end_us: int | None = None
) -> Plan:
    """A plan in which the recording ends now, or when the replay itself will end where a speed is given.

    So a fix is never dated later than it is posted: at speed 1 it is posted the moment it is dated, at higher
    speeds the first ones are dated well before. Slower than real time, the recording starts now.
    `end_us` is the recorded moment that counts as the end (by default the last fix): fixes after it, of a
    clock that ran wrong, then lie in the future as they did.
    """
    times = sorted(fix.at_us for fix in fixes)
    first = times[len(times) // STRAGGLERS]
    last = times[-1] if end_us is None else end_us
    if own_times:
        return Plan(0, first, last, speed)
    replay_us = round((last - first) / max(speed, 1.0)) if speed else 0
    return Plan(now_us + replay_us - last, first, last, speed)
