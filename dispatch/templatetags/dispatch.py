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
