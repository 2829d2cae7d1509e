"""Reads of dead letters: an environment's, narrowed; one by its public id; how many wait, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum

from tracker.http.seals import seal, unseal
from tracker.ingestion.models import DeadLetter
from tracker.tenants.models import Environment

PURPOSE = "dlt"


class State(StrEnum):
    """Where a letter stands: nobody asked yet, asked, asked and failed again, driven."""

    WAITING = "waiting"
    ASKED = "asked"
    FAILED = "failed"
    REDRIVEN = "redriven"


OPEN = Q(redriven_at=None)
WHERE = {
    State.WAITING: OPEN & Q(redrive_asked_at=None, redrive_error=""),
    State.ASKED: OPEN & Q(redrive_asked_at__isnull=False),
    State.FAILED: OPEN & Q(redrive_asked_at=None) & ~Q(redrive_error=""),
    State.REDRIVEN: Q(redriven_at__isnull=False),
}


@dataclass(frozen=True)
class Narrowing:
    """Which letters are meant; what is empty narrows nothing. Times are those of parking, `until` excluded."""

    state: str = ""
    reason: str = ""
    lane: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def of(self, rows: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        """The rows it lets through; a state or reason nobody has lets nothing through."""
        if self.state:
            rows = rows.filter(WHERE[State(self.state)]) if self.state in WHERE else rows.none()
        if self.reason:
            rows = rows.filter(reason=self.reason)
        if self.lane:
            rows = rows.filter(lane=self.lane)
        if self.since is not None:
            rows = rows.filter(created_at__gte=self.since)
        if self.until is not None:
            rows = rows.filter(created_at__lt=self.until)
        return rows


def state_of(letter: DeadLetter) -> State:
    """Where this one stands."""
    if letter.redriven_at is not None:
        return State.REDRIVEN
    if letter.redrive_asked_at is not None:
        return State.ASKED
    return State.FAILED if letter.redrive_error else State.WAITING


def letters_of(environment: Environment, narrowing: Narrowing | None = None) -> QuerySet[DeadLetter]:
    """An environment's letters. Those without an environment are nobody's, and staff's to look at."""
    return (narrowing or Narrowing()).of(DeadLetter.objects.for_environment(environment))


def letters_after(
    environment: Environment, narrowing: Narrowing, *, after: int | None, limit: int
) -> list[DeadLetter]:
    """Up to `limit` of them, newest first, those behind the row `after`."""
    rows = letters_of(environment, narrowing)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


@dataclass(frozen=True)
class Waiting:
    """Letters of one reason that were not driven yet, and how many reports they stand for."""

    reason: str
    letters: int
    fixes: int


def waiting_by_reason(environment: Environment) -> list[Waiting]:
    """What waits, the most frequent reason first."""
    rows = letters_of(environment).filter(OPEN).values_list("reason")
    found = rows.annotate(letters=Count("pk"), fixes=Sum("fixes")).order_by("-letters", "reason")
    return [Waiting(*row) for row in found]


def public_letter_id(letter: DeadLetter) -> str:
    """`dlt_…`: the row's number, sealed."""
    return f"dlt_{seal(PURPOSE, letter.pk.to_bytes(8, 'big')).hex()}"


def letter_of(environment: Environment, public_id: str) -> DeadLetter | None:
    """The environment's letter with that public id; None for another customer's, and for any other text."""
    head, _, digits = public_id.partition("_")
    try:
        number = int.from_bytes(unseal(PURPOSE, bytes.fromhex(digits)), "big")
    except ValueError:  # a broken seal is one too
        return None
    return letters_of(environment).filter(pk=number).first() if head == "dlt" else None
