"""The console's list of reports that were set aside, and their payloads as readable text."""

import json

from django.db.models import QuerySet

from tracker.ingestion.models import Outcome, SetAsideReport
from tracker.ingestion.reasons import KNOWN
from tracker.tenants.models import Environment

OUTCOMES = (Outcome.QUARANTINED, Outcome.FILTERED)


def set_aside(environment: Environment, *, outcome: str = "", reason: str = "") -> QuerySet[SetAsideReport]:
    """Reports set aside, of one outcome or reason where given; unknown words narrow nothing."""
    rows = SetAsideReport.objects.for_environment(environment).select_related("device")
    if outcome in OUTCOMES:
        rows = rows.filter(outcome=outcome)
    if reason in KNOWN:
        rows = rows.filter(reason=reason)
    return rows


def readable(payload: str) -> str:
    """A payload indented, its letters as letters; what cannot be printed stays an escape.

    A payload that was cut off, or is no JSON for another reason, comes back as it is.
    """
    try:
        text = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = payload
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
