"""When a message is tried again, and when it is given up. Pure."""

from datetime import datetime, timedelta

LEASE = timedelta(minutes=5)  # much longer than a try may take: a message held that long is tried by another
# after each try that failed; the last one is followed by none
WAITS = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800, 7200, 21600))
MOST_TRIES = len(WAITS) + 3  # begun and never ended: each took a program down with it
JITTER = 0.2


def next_try(tries: int, *, now: datetime, random: float) -> datetime | None:
    """When the try after `tries` of them is due; None when there is none left. `random` is in [0, 1)."""
    if not 1 <= tries <= len(WAITS):
        return None
    return now + WAITS[tries - 1] * (1 + JITTER * random)
