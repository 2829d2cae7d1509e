"""Which requests an id means: our own request id, a W3C trace id, or a whole traceparent."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tracker.ingestion.models import TracedRequest
from tracker.tenants.models import Environment

_REQUEST = re.compile(r"req_([0-9a-f]{32})")
_TRACE = re.compile(r"[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_EPOCH = datetime.fromtimestamp(0, UTC)
MOST_REQUESTS = 20


class NotAnId(ValueError):
    """A text that is none of the three."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `trace_id` is the caller's where the id was one of a trace."""

    text: str
    requests: list[UUID]
    trace_id: str = ""
    more: bool = False  # the trace has more requests than are told


def parse(text: str) -> tuple[UUID, bool]:
    """The 16 bytes in an id, and whether they are a trace's; raises NotAnId."""
    text = text.strip().lower()
    if found := _REQUEST.fullmatch(text):
        return UUID(hex=found[1]), False
    if _TRACE.fullmatch(text):
        return UUID(hex=text), True
    if found := _TRACEPARENT.fullmatch(text):
        return UUID(hex=found[1]), True
    shown = ascii(text[:80])[:100]
    raise NotAnId(
        f"{shown} is no id to follow: give the request id of an answer (req_ and 32 hexadecimal digits), "
        "a trace id (32 of them), or a whole traceparent."
    )


def resolve(text: str, environment: Environment | None) -> Wanted:
    """The requests meant, in one environment or, for staff, in all (None). Raises NotAnId.

    A trace a caller began leads to its requests by the table; one our door made is its request's own id.
    """
    number, is_trace = parse(text)
    if not is_trace:
        return Wanted(text, [number])
    if environment is not None:
        rows = TracedRequest.objects.for_environment(environment)
    else:
        everybody = Environment.objects.unscoped("staff follow a report of any customer")
        rows = TracedRequest.objects.unscoped("staff follow a report of any customer")
        # the key begins with the environment: naming all of them makes this a look-up each, not a scan
        rows = rows.filter(environment_id__in=list(everybody.values_list("pk", flat=True)))
    found = list(rows.filter(trace_id=number).order_by("received_at")[: MOST_REQUESTS + 1])
    requests = list(dict.fromkeys(row.request_id for row in found[:MOST_REQUESTS]))
    return Wanted(text, requests or [number], number.hex if requests else "", len(found) > MOST_REQUESTS)


def made_at(request_id: UUID) -> datetime | None:
    """When the door made the id: version 7 begins with the time, and so do those of an IoT rule's messages (8)."""
    if request_id.version not in {7, 8}:
        return None
    return _EPOCH + timedelta(milliseconds=request_id.int >> 80)
