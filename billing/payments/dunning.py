"""What becomes of a customer who does not pay, step by step and never without notice. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NOTICE = timedelta(days=7)  # between saying what happens next and letting it happen


class Standing(StrEnum):
    """How a customer stands with us."""

    OK = "ok"
    REMINDED = "reminded"
    RESTRICTED = "restricted"  # lower limits
    PAUSED = "paused"  # reports are refused


NEXT = {
    Standing.OK: Standing.REMINDED,
    Standing.REMINDED: Standing.RESTRICTED,
    Standing.RESTRICTED: Standing.PAUSED,
}


@dataclass(frozen=True)
class Step:
    """Where to go. `warns_of` is what the mail that goes with it says comes next, `not_before` when."""

    to: Standing
    warns_of: Standing | None = None
    not_before: datetime | None = None


def decide(standing: Standing, *, owes: bool, told_at: datetime | None, now: datetime) -> Step | None:
    """The step to take now, if any.

    `told_at` is when the mail of the present standing went out. A step towards less is taken a week after the mail
    that spoke of it and not before, however long the debt is; nothing is skipped; payment leads back at once.
    """
    if not owes:
        return None if standing is Standing.OK else Step(Standing.OK)
    if standing is Standing.PAUSED:
        return None
    if standing is not Standing.OK and (told_at is None or now < told_at + NOTICE):
        return None
    to = NEXT[standing]
    after = NEXT.get(to)
    return Step(to, after, now + NOTICE if after else None)


def share_of_limits(standing: Standing) -> float:
    """How much of the plan's limits is left; 0 stands for refusing."""
    return {Standing.RESTRICTED: 0.1, Standing.PAUSED: 0.0}.get(standing, 1.0)
