"""What pages about plans and manifests say again and again: local times, kilometres, the state of each."""

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
RUN = {
    "waiting": ("", "Waiting"),
    "running": ("info", "Searching"),
    "done": ("ok", "Done"),
    "stopped": ("warn", "Stopped"),
    "failed": ("bad", "Failed"),
}
MANIFEST = {
    "draft": ("", "Draft"),
    "released": ("info", "Released"),
    "acknowledged": ("info", "Acknowledged"),
    "in_progress": ("ok", "In progress"),
    "done": ("", "Done"),
    "cancelled": ("bad", "Cancelled"),
}
STOP = {
    "planned": ("", "Planned"),
    "arrived": ("info", "There now"),
    "delivered": ("ok", "Delivered"),
    "failed": ("bad", "Failed"),
    "removed": ("", "Taken off"),
}
KINDS = {"run": RUN, "manifest": MANIFEST, "stop": STOP}
Absent = Literal[""] | None  # what templates make of a fact that is not there (yet)


@register.simple_tag
def plan_badge(kind: str, state: str) -> SafeString:
    """The state of a run, a manifest or a stop."""
    tone, word = KINDS[kind][state]
    return format_html('<span class="badge {}">{}</span>', tone, word)


@register.simple_tag
def local(moment: datetime | None, timezone: str, never: str = "—") -> str | SafeString:
    """The time of day there, the whole of it as a tooltip."""
    if moment is None:
        return never
    there = moment.astimezone(ZoneInfo(timezone))
    return format_html(
        '<time class="number" datetime="{}" title="{} {}">{}</time>',
        moment.isoformat(),
        f"{there:%A, %d %B %Y, %H:%M}",
        timezone,
        f"{there:%H:%M}",
    )


@register.simple_tag
def local_day(moment: datetime | None, timezone: str, never: str = "—") -> str | SafeString:
    """The day and the time of day there, to the second; UTC to the millisecond as a tooltip."""
    if moment is None:
        return never
    there, utc = moment.astimezone(ZoneInfo(timezone)), moment.astimezone(UTC)
    return format_html(
        '<time class="number" datetime="{}" title="{}.{} UTC">{}</time>',
        moment.isoformat(),
        f"{utc:%Y-%m-%d %H:%M:%S}",
        f"{utc.microsecond // 1000:03d}",
        f"{there:%a %d %b %H:%M:%S}",
    )


@register.filter
def km(metres: float | Absent) -> str:
    """Kilometres, to a tenth."""
    return "—" if metres is None or metres == "" else f"{metres / 1000:,.1f}\N{NO-BREAK SPACE}km"


@register.filter
def hours(seconds: float | Absent) -> str:
    """Hours and minutes."""
    if seconds is None or seconds == "":
        return "—"
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60}\N{NO-BREAK SPACE}h {minutes % 60:02d}"
        if minutes >= 60
        else f"{minutes}\N{NO-BREAK SPACE}min"
    )


@register.filter
def count(number: int | Absent) -> str:
    """How many; nought is a number too."""
    return "—" if number is None or number == "" else f"{number:,}"


@register.filter
def on_days(weekdays: list[int]) -> str:
    """Days of the week in short; every day is nothing to say."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return "every day" if len(weekdays) == 7 else ", ".join(names[day - 1] for day in weekdays)
