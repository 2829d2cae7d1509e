"""When a delivery is tried again: a table with jitter, and what the receiver asked for. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# before each attempt, counted from the one before it: 27.6 hours from first to last
DELAYS = tuple(
    timedelta(seconds=s) for s in (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
ATTEMPTS = len(DELAYS)
# what failed together must not come back together; lowest so that the whole still spans more than a day
JITTER = (0.9, 1.2)
LONGEST_WAIT = timedelta(days=1)  # however long a Retry-After asks for


def next_due(attempts: int, *, now: datetime, random: float, retry_after: str = "") -> datetime | None:
    """When the attempt after `attempts` of them is due; None when there is none left.

    `random` is in [0, 1). A Retry-After only ever makes the wait longer.
    """
    if attempts >= ATTEMPTS:
        return None
    low, high = JITTER
    wait = DELAYS[attempts] * (low + (high - low) * random)
    return now + max(wait, asked_wait(retry_after, now=now))


def asked_wait(retry_after: str, *, now: datetime) -> timedelta:
    """What a Retry-After header asks for, in seconds or as an HTTP date; zero for what is neither, a day at most."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        seconds = min(int(text[:9]), int(LONGEST_WAIT.total_seconds()))
        return timedelta(seconds=seconds)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta()
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_WAIT)
