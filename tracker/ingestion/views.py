"""The quarantine page: what was not kept, why, and what to do about it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.ingestion.models import Outcome
from tracker.ingestion.reasons import FILTERED, QUARANTINED, reason_of
from tracker.ingestion.set_aside import OUTCOMES, readable, set_aside
from tracker.live.sight import require_whole
from tracker.tenants.identifiers import public_id

PAGE = 50


@require_safe
@environment_required()
def quarantine(request: ConsoleRequest) -> HttpResponse:
    """Reports set aside, newest first, by outcome and reason."""
    require_whole(request.membership)
    outcome, reason = request.GET.get("outcome", ""), request.GET.get("reason", "")
    rows = set_aside(request.environment, outcome=outcome, reason=reason)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    reports = [
        {
            "row": row,
            "reason": reason_of(row.reason),
            "payload": readable(row.payload),
            "request_id": public_id("req", row.request_id),
        }
        for row in page.rows
    ]
    facts = {
        "reports": reports,
        "page": page,
        "outcome": outcome,
        "reason": reason,
        "explained": reason_of(reason) if reason else None,
        "outcomes": [(o.value, o.label) for o in OUTCOMES],
        "reasons": [(Outcome.QUARANTINED.label, QUARANTINED), (Outcome.FILTERED.label, FILTERED)],
    }
    return render(request, "tracker/ingestion/quarantine.html", facts)
