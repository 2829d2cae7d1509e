"""`/api/v1/usage`: what the key's environment used, by day and meter."""

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from billing.meters.catalogue import METERS
from billing.meters.schemas import UsageDay, UsageReport, UsageTotal
from billing.meters.selectors import usage_by_day
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query, wrong
from tracker.http.schema import problems
from tracker.tenants.models import Environment

LONGEST = timedelta(days=366)


class Usage(Endpoint):
    """Usage of the environment."""

    @extend_schema(
        operation_id="get_usage",
        summary="What was used",
        tags=["Usage"],
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.DATE, description="The first day (UTC); without it, the month's first."
            ),
            OpenApiParameter(
                "to",
                OpenApiTypes.DATE,
                description="The day before which usage is wanted; without it, tomorrow.",
            ),
            OpenApiParameter("meter", str, enum=list(METERS), description="Only this meter."),
        ],
        responses=problems(UsageReport),
    )
    def get(self, request: ApiRequest) -> Response:
        """Usage by meter and UTC day, up to a few seconds ago. A fix counts on the day it was received.

        At most 366 days. Archived bytes are summed up by the hour: one gigabyte held for a day is 24,000,000,000.
        """
        query = Query(request, "from", "to", "meter")
        today = timezone.now().astimezone(UTC).date()
        until = query.day("to") or today + timedelta(days=1)
        since = query.day("from") or (until - timedelta(days=1)).replace(day=1)
        if since >= until:
            raise wrong("to", "to must be a day after from.")
        if until - since > LONGEST:
            raise wrong("from", f"from and to may lie at most {LONGEST.days} days apart.")
        chosen = query.choice("meter", METERS)
        meters = [chosen] if chosen else list(METERS)
        first, last = (datetime.combine(day, time(), UTC) for day in (since, until))
        rows = usage_by_day([request.environment.pk], first, last, meters)
        totals = [_total(code, sum(row.quantity for row in rows if row.meter == code)) for code in meters]
        days = [UsageDay(row.day.isoformat(), row.meter, row.quantity) for row in rows]
        billed = request.environment.kind == Environment.Kind.LIVE
        return Response(UsageReport(since.isoformat(), until.isoformat(), billed, totals, days))


def _total(code: str, quantity: int) -> UsageTotal:
    meter = METERS[code]
    return UsageTotal(code, meter.name, meter.billed_unit or meter.unit, quantity)
