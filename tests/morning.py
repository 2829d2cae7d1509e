"""Where it is morning now: what drivers do in a day is tested alike at any hour of the clock."""

from datetime import datetime

HOUR = 9


def morning_zone(now: datetime) -> str:
    """The name of a time zone in which it is between nine and ten; `now` is in UTC."""
    east = (HOUR - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}"  # these count westwards
