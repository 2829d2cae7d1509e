"""`/api/v1/dispatch/days` and `/api/v1/dispatch/calibration`: the figures of a date, and how far to believe them."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import hub_or_404
from dispatch.fleet.tree import descendants
from dispatch.metrics.predictions import HORIZONS_S, calibration
from dispatch.metrics.schemas import CalibrationList, HubDayList, calibration_document, day_document
from dispatch.metrics.selectors import figures_of, usual_date
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query
from tracker.http.schema import problems
from tracker.http.times import moment_text

HUB = OpenApiParameter("hub", str, description="Only this hub and those below it: `hub_…` or `external:…`.")
DATE = OpenApiParameter(
    "date", OpenApiTypes.DATE, description="The service date; today, where most hubs are, if left out."
)
DRIVERS = OpenApiParameter("drivers", str, enum=["true", "false"], description="With each driver's part.")
DAYS = OpenApiParameter(
    "days", {"type": "integer", "minimum": 1, "maximum": 90, "default": 28}, description="How many days back."
)


class HubDays(Endpoint):
    """Figures of a date."""

    @extend_schema(
        operation_id="list_hub_days",
        summary="Figures of a day",
        tags=["Dispatch"],
        parameters=[DATE, HUB, DRIVERS],
        responses=problems(HubDayList, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Completion, slots, predicted misses, utilisation, distance and hours, each hub with everything below it.

        Computed every five minutes and soon after each change that matters; `computed_at` says when.
        """
        query, now = Query(request, "date", "hub", "drivers"), timezone.now()
        on = query.day("date") or usual_date(request.environment, now=now)
        drivers = query.choice("drivers", ["true", "false"]) == "true"
        found = figures_of(request.environment, on, now=now)
        if (hub := query.text("hub")) is not None:
            below = set(descendants(request.environment, hub_or_404(request, hub).pk))
            found = [one for one in found if one.hub.pk in below]
        return Response(HubDayList(on.isoformat(), [day_document(one, drivers=drivers) for one in found]))


class SlotCalibration(Endpoint):
    """How predictions turned out."""

    @extend_schema(
        operation_id="get_slot_calibration",
        summary="Judge the predictions of slots",
        tags=["Dispatch"],
        parameters=[HUB, DAYS],
        responses=problems(CalibrationList, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """What was predicted two hours, one hour and half an hour before slots ended, and what came of it."""
        query = Query(request, "hub", "days")
        since = timezone.now() - timedelta(days=query.integer("days", 28, low=1, high=90))
        hub, hubs = query.text("hub"), None
        if hub is not None:
            hubs = descendants(request.environment, hub_or_404(request, hub).pk)
        judged = [
            (seconds, calibration(request.environment, since=since, horizon_s=seconds, hub_ids=hubs))
            for seconds in HORIZONS_S
        ]
        data = [calibration_document(seconds, one) for seconds, one in judged if one is not None]
        return Response(CalibrationList(moment_text(since), data))
