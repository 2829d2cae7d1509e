"""`/api/v1/devices/{device}/positions` and `…/daily-lines`: a device's history as GeoJSON."""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.devices.api import DEVICE, device_or_404
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.query import Query, require_order
from tracker.http.schema import CURSOR, LIMIT, at, problems
from tracker.positions.schemas import DailyLinePage, PositionPage, daily_line_feature, position_feature
from tracker.positions.selectors import daily_lines_between, positions_between

DEFAULT_SPAN = timedelta(hours=24)
DEFAULT_DAYS = timedelta(days=30)


class DevicePositions(Endpoint):
    """The positions kept of one device."""

    @extend_schema(
        operation_id="list_positions",
        summary="A device's history",
        tags=["Positions"],
        parameters=[
            DEVICE,
            at("from", "The first recorded time wanted. Without it, 24 hours before `to`."),
            at("to", "The recorded time before which positions lie, itself not included. Without it, now."),
            LIMIT,
            CURSOR,
        ],
        responses=problems({(200, "application/geo+json"): PositionPage}, 404),
    )
    def get(self, request: ApiRequest, device: str) -> Response:
        """Positions with `from` <= `recorded_at` < `to`, oldest first, as a GeoJSON FeatureCollection.

        Spans that touch therefore neither overlap nor leave a gap. A report that arrives late appears in the
        past; `stored_at` tells when it became known.
        """
        query = Query(request, "from", "to", "limit", "cursor")
        until = query.moment("to") or timezone.now()
        since = query.moment("from") or until - DEFAULT_SPAN
        require_order(since, until)
        limit = limit_of(query)
        found = device_or_404(request, device)
        list_name = f"positions:{found.environment_id}:{found.pk}"
        after = place_in(list_name, query, datetime)
        rows = positions_between(found, since, until, after=after, limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, rows[-1]["recorded_at"]) if more else None
        page = PositionPage("FeatureCollection", [position_feature(row) for row in rows], cursor)
        return Response(page, content_type="application/geo+json")


class DeviceDailyLines(Endpoint):
    """The days of one device, simplified; they stay after its positions are gone."""

    @extend_schema(
        operation_id="list_daily_lines",
        summary="A device's days",
        tags=["Positions"],
        parameters=[
            DEVICE,
            OpenApiParameter(
                "from",
                OpenApiTypes.DATE,
                description="The first day wanted. Without it, 30 days before `to`.",
            ),
            OpenApiParameter(
                "to",
                OpenApiTypes.DATE,
                description="The day before which days lie, itself not included. Without it, today (UTC).",
            ),
            LIMIT,
            CURSOR,
        ],
        responses=problems({(200, "application/geo+json"): DailyLinePage}, 404),
    )
    def get(self, request: ApiRequest, device: str) -> Response:
        """A line for each UTC day with `from` <= day < `to` on which the device was somewhere, oldest first.

        Lines are made within hours after a day is over, made again when reports arrive late, and stay when the
        positions are past their retention. Each says how far a position lies from it at most.
        """
        query = Query(request, "from", "to", "limit", "cursor")
        until = query.day("to") or timezone.now().astimezone(UTC).date()
        since = query.day("from") or _before(until)
        require_order(since, until)
        limit = limit_of(query)
        found = device_or_404(request, device)
        list_name = f"daily-lines:{found.environment_id}:{found.pk}"
        after = place_in(list_name, query, date)
        rows = daily_lines_between(found, since, until, after=after, limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, rows[-1].day) if more else None
        page = DailyLinePage("FeatureCollection", [daily_line_feature(row) for row in rows], cursor)
        return Response(page, content_type="application/geo+json")


def _before(until: date) -> date:
    return max(until, date.min + DEFAULT_DAYS) - DEFAULT_DAYS
