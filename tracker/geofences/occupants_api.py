"""`/api/v1/geofences/{geofence}/devices`: which devices are inside, now or at a time."""

from datetime import datetime
from typing import Annotated

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from tracker.devices.schemas import DeviceDocument, device_document
from tracker.geofences.models import GeofenceVisit
from tracker.geofences.occupants import occupants_of
from tracker.geofences.selectors import find_geofence
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.problems import not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, at, problems
from tracker.http.times import Moment, moment_text

GEOFENCE = OpenApiParameter(
    "geofence", str, "path", description="`gf_…`, or `external:` and its own id, percent-encoded."
)


class Occupant(Struct):
    """A device inside, and since when."""

    device: DeviceDocument
    entered_at: Moment
    exited_at: Annotated[Moment | None, Meta(description="null: still inside. Else when it left later on.")]


class OccupantPage(Struct):
    """Some of the devices inside, in the order in which we learned of their stays."""

    data: list[Occupant]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class GeofenceDevices(Endpoint):
    """The devices inside a geofence."""

    @extend_schema(
        operation_id="list_geofence_devices",
        summary="Devices inside a geofence, now or at a time",
        tags=["Geofences"],
        parameters=[
            GEOFENCE,
            at("at", "Inside at this time, as known now. Without it, inside now."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(OccupantPage, 404),
    )
    def get(self, request: ApiRequest, geofence: str) -> Response:
        """Devices inside. A device that fell silent inside is still listed: its `status` tells that it is silent."""
        query = Query(request, "at", "limit", "cursor")
        found = find_geofence(request.environment.pk, geofence)
        if found is None:
            raise not_found("geofence")
        limit, moment, now = limit_of(query), query.moment("at"), timezone.now()
        list_name = f"occupants:{found.environment_id}:{found.pk}"
        rows = occupants_of(found, moment, after=place_in(list_name, query, int), limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, rows[-1].pk) if more else None
        return Response(OccupantPage([_occupant(row, now) for row in rows], cursor))


def _occupant(visit: GeofenceVisit, now: datetime) -> Occupant:
    left = moment_text(visit.exited_at) if visit.exited_at else None
    return Occupant(device_document(visit.device, now=now), moment_text(visit.entered_at), left)
