"""Messages in words: a template a message and language, filled with what is known when it is sent."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from dispatch.notifications.models import Notification
from dispatch.shipments.models import ShipmentState
from dispatch.tracking.links import url_for
from dispatch.tracking.saying import clock, day
from dispatch.tracking.words import reason
from tracker.tenants.models import Environment

LONGEST_NAME = 100
LONGEST_SUBJECT = 200
PART = "\n---\n"  # between subject, short text and mail; no value can hold it, for values have no line breaks
_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u0085\u2028\u2029]+")
# characters that turn the direction of everything after them: a name must not rewrite our sentence
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@dataclass(frozen=True)
class Text:
    """A message in words."""

    subject: str
    short: str
    body: str


@dataclass(frozen=True)
class TeamItem:
    """One thing a member is told of; several may come in one mail."""

    subject: str
    text: str
    link: str


def plain(value: object, longest: int = LONGEST_NAME) -> str:
    """A value on one line, whatever somebody wrote into it."""
    return _TURNING.sub("", _SPACE.sub(" ", str(value))).strip()[:longest]


def customers_text(row: Notification, state: ShipmentState, brand: str, *, now: datetime) -> Text:
    """What the customer reads, in their language and in the delivery's local time."""
    zone = ZoneInfo(state.hub.timezone if state.hub else "UTC")
    shipment = state.shipment
    facts = row.facts
    context = {
        "name": plain(state.recipient),
        "brand": plain(brand),
        "reference": plain(shipment.external_id or shipment.public_id),
        "link": url_for(shipment),
        "when": _when(_slot(state, now), row.language, zone, now),
        "eta": _when(_estimate(facts, now), row.language, zone, now),
        "at": _at(state.delivered_at, row.language, zone, now),
        "reason": reason(row.language, str(facts.get("reason") or "other")),
        "attempt": facts.get("attempt"),
        "again": bool(facts.get("again")),
    }
    whole = render_to_string(f"dispatch/notifications/{row.language}/{row.template}.txt", context)
    subject, short, body = whole.split(PART)
    return Text(plain(subject, LONGEST_SUBJECT), plain(short, 1000), body.strip() + "\n")


def team_item(row: Notification, zone: ZoneInfo) -> TeamItem:
    """One item of a member's mail."""
    facts = {name: _fact(name, value, zone) for name, value in row.facts.items()}
    facts["item"] = facts.get("name") or "One"
    facts.setdefault("reason", "")
    if row.facts.get("reason"):
        facts["reason"] = reason("en", str(row.facts["reason"])).rstrip(".").lower()
    whole = render_to_string(f"dispatch/notifications/team/{row.template}.txt", facts)
    subject, text = whole.split(PART)
    saga = row.about.partition(" ")[0]
    link = settings.BASE_URL + reverse("console_saga", args=[saga])
    return TeamItem(plain(subject, LONGEST_SUBJECT), plain(text, 1000), link)


def team_text(items: list[TeamItem], environment: Environment) -> Text:
    """One mail about all of them."""
    tenant = plain(environment.tenant.name)
    context = {
        "items": items,
        "tenant": tenant,
        "environment": plain(environment.name),
        "overview": settings.BASE_URL + reverse("console_sagas"),
    }
    subject = items[0].subject if len(items) == 1 else f"{len(items)} things need somebody"
    body = render_to_string("dispatch/notifications/team/mail.txt", context)
    return Text(plain(f"{tenant}: {subject}", LONGEST_SUBJECT), items[0].text, body.strip() + "\n")


def _slot(state: ShipmentState, now: datetime) -> tuple[datetime, datetime] | None:
    slots = [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in state.slots]
    return next(((begin, end) for begin, end in slots if end > now), None)


def _estimate(facts: dict[str, Any], now: datetime) -> tuple[datetime, datetime] | None:
    if not facts.get("eta_at"):
        return None
    begin = datetime.fromisoformat(str(facts["eta_at"]))
    end = datetime.fromisoformat(str(facts["eta_latest_at"])) if facts.get("eta_latest_at") else begin
    return (begin, max(begin, end)) if end > now else None


def _when(span: tuple[datetime, datetime] | None, language: str, zone: ZoneInfo, now: datetime) -> str:
    """`tomorrow`, a comma, both times; and one time where both are the same minute."""
    if span is None:
        return ""
    begin, end = (moment.astimezone(zone) for moment in span)
    hours = clock(begin) if clock(begin) == clock(end) else f"{clock(begin)}–{clock(end)}"  # noqa: RUF001
    return f"{day(begin, language, now=now, zone=zone)}, {hours}"


def _at(moment: datetime | None, language: str, zone: ZoneInfo, now: datetime) -> str:
    return _when((moment, moment), language, zone, now) if moment is not None else ""


def _fact(name: str, value: Any, zone: ZoneInfo) -> Any:
    if name in {"slot_to", "out_at", "heard_at"} and value:
        return f"{datetime.fromisoformat(str(value)).astimezone(zone):%d %b, %H:%M} ({zone.key})"
    return plain(value, 200) if isinstance(value, str) else value
