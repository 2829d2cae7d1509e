"""Asks for redrives. The edge's consumers do them, within a second or two, through the same steps as ever."""

from datetime import datetime

from django.db.models import QuerySet

from tracker.ingestion.models import DeadLetter


def ask(letters: QuerySet[DeadLetter], *, now: datetime) -> int:
    """Ask that these be driven again; returns how many are asked for by this call.

    One that is driven or asked for already stays as it is. The caller's query says whose they are. One UPDATE:
    of two that ask at once one has asked.
    """
    open_ones = letters.filter(redriven_at=None, redrive_asked_at=None)
    return open_ones.order_by().update(redrive_asked_at=now, redrive_error="")
