"""What pages of dispatch say again and again: the second row of navigation, lengths of time, distances."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def dispatch_item(context: dict[str, Any], name: str, label: str) -> str | SafeString:
    """An entry of dispatch's navigation, marked where it or a page below it is open; none for an unknown address."""
    try:
        address = reverse(name)
    except NoReverseMatch:
        return ""
    path = context["request"].path
    here = path == address or (name != "console_dispatch" and path.startswith(address))
    current = format_html(' aria-current="{}"', "page" if path == address else "true") if here else ""
    return format_html('<li><a href="{}"{}>{}</a></li>', address, current, label)


@register.filter
def kilometres(metres: object) -> str:
    """12,345 metres as `12.3 km`."""
    return f"{float(metres) / 1000:,.1f}\N{NO-BREAK SPACE}km" if isinstance(metres, int | float) else "—"


@register.filter
def hours(seconds: object) -> str:
    """5,400 seconds as `1:30 h`."""
    if not isinstance(seconds, int | float):
        return "—"
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}\N{NO-BREAK SPACE}h"


@register.filter
def share(part: object) -> str:
    """0.834 as `83 %`, never rounded up to a full 100 % that is not one; a dash for the unknown."""
    if not isinstance(part, int | float):
        return "—"
    percent = round(100 * part)
    percent = 99 if percent == 100 and part < 1 else 1 if percent == 0 and part > 0 else percent
    return f"{percent}\N{NO-BREAK SPACE}%"


@register.filter
def deeper(depth: int) -> str:
    """The class that indents a row of a tree; deeper than eight looks like eight."""
    return f"in-{min(depth, 8)}"


@register.filter
def range_of(count: int) -> range:
    """So many times."""
    return range(count)


@register.filter
def minutes(seconds: int) -> str:
    """1,800 seconds as `30 min`."""
    return f"{round(seconds / 60)}\N{NO-BREAK SPACE}min"


@register.filter
def days(weekdays: list[int]) -> str:
    """`Mon to Fri`, `Mon, Wed`: 1 is Monday."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    found = sorted(set(weekdays))
    if len(found) == len(names):
        return "every day"
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{names[found[0] - 1]} to {names[found[-1] - 1]}"
    return ", ".join(names[day - 1] for day in found)
