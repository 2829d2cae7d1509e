"""How pages write money."""

from django import template

from billing.plans.rating import money as written

register = template.Library()


@register.simple_tag
def money(minor: int, currency: str) -> str:
    """`1,234.50 EUR`."""
    return written(minor, currency)
