"""When a message may be told: at once, or when the night is over. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def earliest(now: datetime, quiet_from: time | None, quiet_to: time | None, zone: ZoneInfo) -> datetime:
    """`now`, or the end of the quiet hours that `now` lies in, which may span midnight.

    Where the clock jumps over their end, the first moment after the jump counts.
    """
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return now
    local = now.astimezone(zone)
    at = local.time().replace(tzinfo=None)
    over_midnight = quiet_from > quiet_to
    inside = at >= quiet_from or at < quiet_to if over_midnight else quiet_from <= at < quiet_to
    if not inside:
        return now
    day = local.date() + timedelta(days=1) if over_midnight and at >= quiet_from else local.date()
    return max(now, datetime.combine(day, quiet_to, zone).astimezone(UTC))
