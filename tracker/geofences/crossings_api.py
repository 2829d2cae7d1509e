"""`/api/v1/crossings` and `/api/v1/visits`: what devices did among geofences."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.devices.api import device_or_404
from tracker.geofences.crossing_schemas import CrossingPage, VisitPage, crossing_document, visit_document
from tracker.geofences.visits import Wanted, crossings_told, geofence_of_any_time, visits_known
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.problems import not_found
from tracker.http.query import Query, require_order
from tracker.http.schema import CURSOR, LIMIT, at, problems

DEFAULT_SPAN = timedelta(hours=24)
FILTERS = [
    OpenApiParameter("device", str, description="Only of this device: `dev_…` or `external:…`."),
    OpenApiParameter("geofence", str, description="Only of this geofence: `gf_…` or `external:…`."),
]


class _Place(NamedTuple):
    """Where a page ended: a time, and the row at it."""

    moment: datetime
    row: int


class Crossings(Endpoint):
    """The crossings of an environment."""

    @extend_schema(
        operation_id="list_crossings",
        summary="List crossings",
        tags=["Geofences"],
        parameters=[
            *FILTERS,
            at("from", "The first time of crossing wanted. Without it, 24 hours before `to`."),
            at("to", "The time before which they occurred, itself not included. Without it, now."),
            OpenApiParameter(
                "superseded",
                str,
                enum=["exclude", "include"],
                description="`include`: also what was told and is not believed any more, and what took it back.",
            ),
            LIMIT,
            CURSOR,
        ],
        responses=problems(CrossingPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Crossings with `from` <= `occurred_at` < `to`, in the order they were told.

        A late report may correct what was told: the later crossing names the earlier one in `corrects`, and that
        one has `superseded_at` from then on. Without `superseded`, only what is believed now is listed.
        """
        query = Query(request, "device", "geofence", "from", "to", "superseded", "limit", "cursor")
        superseded = query.choice("superseded", ["exclude", "include"]) == "include"
        wanted, limit = _wanted(request, query), limit_of(query)
        list_name = f"crossings:{request.environment.pk}"
        rows = crossings_told(
            wanted, superseded=superseded, after=place_in(list_name, query, _Place), limit=limit + 1
        )
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, (rows[-1].stored_at, rows[-1].pk)) if more else None
        return Response(CrossingPage([crossing_document(row) for row in rows], cursor))


class Visits(Endpoint):
    """The visits of an environment's devices."""

    @extend_schema(
        operation_id="list_visits",
        summary="List visits",
        tags=["Geofences"],
        parameters=[
            *FILTERS,
            at("from", "Visits that went on after this. Without it, 24 hours before `to`."),
            at("to", "Visits that began before this. Without it, now."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(VisitPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Stays of devices in geofences that touch the time from `from` to `to`, as known now, in the order they began.

        A late report may move a visit or make it disappear; the crossings tell when that became known.
        """
        query = Query(request, "device", "geofence", "from", "to", "limit", "cursor")
        wanted, limit = _wanted(request, query), limit_of(query)
        list_name = f"visits:{request.environment.pk}"
        rows = visits_known(wanted, after=place_in(list_name, query, _Place), limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, (rows[-1].entered_at, rows[-1].pk)) if more else None
        return Response(VisitPage([visit_document(row) for row in rows], cursor))


def _wanted(request: ApiRequest, query: Query) -> Wanted:
    """Raises the 404 of a device or geofence that is not there."""
    until = query.moment("to") or timezone.now()
    since = query.moment("from") or until - DEFAULT_SPAN
    require_order(since, until)
    device, geofence = query.text("device"), query.text("geofence")
    found = geofence_of_any_time(request.environment.pk, geofence) if geofence is not None else None
    if geofence is not None and found is None:
        raise not_found("geofence")
    return Wanted(
        request.environment.pk,
        *(since, until),
        device_or_404(request, device) if device is not None else None,
        found,
    )
