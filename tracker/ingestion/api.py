"""`/api/v1/outcomes` and `/api/v1/quarantine`: what became of the reports."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.devices.references import BadReference, DeviceReference, parse_reference
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.query import Query, require_order, wrong
from tracker.http.schema import CURSOR, LIMIT, at, problems
from tracker.ingestion.models import Outcome
from tracker.ingestion.schemas import OutcomeTotals, SetAsidePage, outcome_totals, set_aside_document
from tracker.ingestion.selectors import outcomes_between, set_aside_after
from tracker.ingestion.set_aside import OUTCOMES

DEFAULT_SPAN = timedelta(hours=24)
LONGEST_REASON = 40


class OutcomeCounts(Endpoint):
    """Counted outcomes."""

    @extend_schema(
        operation_id="count_outcomes",
        summary="What became of the reports",
        tags=["Outcomes"],
        parameters=[
            at("from", "The first received time wanted. Without it, 24 hours before `to`."),
            at("to", "The received time before which reports were received. Without it, now."),
        ],
        responses=problems(OutcomeTotals),
    )
    def get(self, request: ApiRequest) -> Response:
        """Every report ends in exactly one outcome, counted by the time it was received.

        Counts are kept by the second, and by the minute once they are two days old. `from` is taken back and
        `to` forward to the next such boundary; the answer says which times it counted.
        """
        query = Query(request, "from", "to")
        now = timezone.now()
        until = query.moment("to") or now
        since = query.moment("from") or until - DEFAULT_SPAN
        require_order(since, until)
        return Response(outcome_totals(outcomes_between(request.environment, since, until, now=now)))


class Quarantine(Endpoint):
    """Reports that were set aside."""

    @extend_schema(
        operation_id="list_set_aside_reports",
        summary="Reports that were not kept",
        tags=["Outcomes"],
        parameters=[
            OpenApiParameter(
                "outcome", str, enum=list(OUTCOMES), default="quarantined", description="Which of the two."
            ),
            OpenApiParameter("reason", str, description="Only reports with this reason, as `bad_latitude`."),
            OpenApiParameter(
                "device", str, description="Only reports of this device: `dev_…` or `external:…`."
            ),
            at("from", "The first received time wanted."),
            at("to", "The received time before which reports were received."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(SetAsidePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Quarantined reports, or with `outcome=filtered` the filtered ones, newest first.

        They are kept for seven days.
        """
        query = Query(request, "outcome", "reason", "device", "from", "to", "limit", "cursor")
        since, until = query.moment("from"), query.moment("to")
        if since and until:
            require_order(since, until)
        outcome = query.choice("outcome", list(OUTCOMES)) or Outcome.QUARANTINED
        limit, list_name = limit_of(query), f"quarantine:{request.environment.pk}"
        found = set_aside_after(
            request.environment,
            outcome=outcome,
            after=place_in(list_name, query, int),
            limit=limit + 1,
            reason=query.text("reason", longest=LONGEST_REASON),
            device=_device(query),
            since=since,
            until=until,
        )
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].pk) if more else None
        return Response(SetAsidePage([set_aside_document(report) for report in found], cursor))


def _device(query: Query) -> DeviceReference | None:
    text = query.text("device")
    if text is None:
        return None
    try:
        return parse_reference(text)
    except BadReference:
        raise wrong(
            "device", "device must be dev_… or external: and the device_id its owner sends."
        ) from None
