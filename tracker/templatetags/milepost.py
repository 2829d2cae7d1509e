"""What pages say again and again: how long ago, which page is open, how a device is doing."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.console.navigation import SECTIONS, section_of
from tracker.http.correlation import current_request_id

register = template.Library()

STATUS_WORDS = {
    "active": "Active",
    "risk": "At risk",
    "idle": "Idle",
    "offline": "Offline",
    "waiting": "Waiting",
}


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> str | SafeString:
    """`3 minutes ago`, the exact time in UTC with it for machines and as a tooltip."""
    if moment is None:
        return never
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S}",
        naturaltime(moment),
    )


@register.simple_tag
def at(moment: datetime | None, never: str = "—") -> str | SafeString:
    """The exact time in UTC, to the millisecond."""
    if moment is None:
        return never
    text = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
    return format_html('<time datetime="{}">{} UTC</time>', moment.isoformat(), text)


@register.simple_tag
def area(square_metres: float) -> str:
    """An area in the unit a person would use."""
    if square_metres >= 1e6:
        return f"{square_metres / 1e6:,.1f} km²"
    return f"{square_metres / 1e4:,.1f} ha" if square_metres >= 1e4 else f"{square_metres:,.0f} m²"


@register.simple_tag
def status(name: str) -> SafeString:
    """A device's status: a mark with its own shape, and the word."""
    return format_html(
        '<span class="nowrap"><span class="dot {}"></span> {}</span>', name, STATUS_WORDS[name]
    )


@register.simple_tag(takes_context=True)
def nav_item(context: dict[str, Any], name: str, label: str) -> SafeString:
    """A navigation entry, marked where it or a page below it is open."""
    address = reverse(name)
    path = context["request"].path
    here = path == address or (address != reverse("console") and path.startswith(address))
    current = format_html(' aria-current="{}"', "page" if path == address else "true") if here else ""
    return format_html('<li><a href="{}"{}>{}</a></li>', address, current, label)


@register.simple_tag(takes_context=True)
def nav_section(context: dict[str, Any], code: str) -> SafeString:
    """An entry that leads to the first page of a section, marked while any page of it is open."""
    section = SECTIONS[code]
    shown = section.shown()
    if not shown:
        return SafeString("")
    current = format_html(' aria-current="{}"', "true") if section.holds(context["request"].path) else ""
    address = reverse(shown[0][0])
    return format_html('<li><a href="{}"{}>{}</a></li>', address, current, section.label)


@register.inclusion_tag("parts/second_nav.html", takes_context=True)
def second_nav(context: dict[str, Any]) -> dict[str, Any]:
    """The pages of the section that is open."""
    return {"request": context["request"], "section": section_of(context["request"].path)}


@register.simple_tag
def request_id() -> str:
    """The id of the request being answered, to quote when asking for help."""
    return current_request_id()


@register.filter
def percent(share: object) -> str:
    """0.83 as `83 %`; a dash for the unknown, which a template may hand on as an empty text."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%" if isinstance(share, float) else "—"
