"""`/api/v1/trips`: create, list, look at, change, complete, cancel."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.devices.api import device_or_404
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.trips import bodies
from tracker.trips.models import Trip
from tracker.trips.request_schemas import NewTripBody, TripChangeBody
from tracker.trips.schemas import TripDocument, TripPage, trip_document
from tracker.trips.selectors import LONGEST_EXTERNAL_ID, trip_of, trips_after
from tracker.trips.services import ExternalIdTaken, cancel_trip, change_trip, complete_trip, create_trip
from tracker.trips.transitions import IllegalTransition

TRIP = OpenApiParameter(
    "trip",
    str,
    "path",
    description="`trp_…`, or `external:` and the `external_id` you gave it, percent-encoded. For one that ends in "
    "`/complete`, `/cancel` or `/shares` use the `trp_…` id.",
)


class Trips(Endpoint):
    """All trips of the environment."""

    @extend_schema(
        operation_id="list_trips",
        summary="List trips",
        tags=["Trips"],
        parameters=[
            OpenApiParameter(
                "state", str, enum=list(Trip.State.values), description="Only trips in this state."
            ),
            OpenApiParameter(
                "device", str, description="Only trips of this device: `dev_…` or `external:…`."
            ),
            OpenApiParameter("external_id", str, description="Only the trip with exactly this external id."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(TripPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Trips, the newest first."""
        query = Query(request, "state", "device", "external_id", "limit", "cursor")
        limit, list_name = limit_of(query), f"trips:{request.environment.pk}"
        device = query.text("device")
        found = trips_after(
            request.environment,
            after=place_in(list_name, query, int),
            limit=limit + 1,
            state=query.choice("state", Trip.State.values),
            device=device_or_404(request, device) if device else None,
            external_id=query.text("external_id", longest=LONGEST_EXTERNAL_ID),
        )
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].pk) if more else None
        return Response(TripPage([trip_document(trip) for trip in found], cursor))

    @extend_schema(
        operation_id="create_trip",
        summary="Begin a trip",
        tags=["Trips"],
        request=NewTripBody,
        responses=problems({201: TripDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """A device is on its way to a destination; from now on it is watched, and every change is told.

        An `external_id` belongs to one trip: a second one with it is a 409 that names the first.
        """
        Query(request)
        now = timezone.now()
        wanted = bodies.new_trip(request.environment, object_of(request, *bodies.NEW), now=now)
        try:
            trip = create_trip(wanted, now=now)
        except ExternalIdTaken as taken:
            raise ApiProblem(409, "external_id_taken", str(taken), param="/external_id") from None
        return Response(trip_document(trip), status=201)


class OneTrip(Endpoint):
    """A trip."""

    @extend_schema(
        operation_id="get_trip",
        summary="Look at a trip",
        tags=["Trips"],
        parameters=[TRIP],
        responses=problems(TripDocument, 404),
    )
    def get(self, request: ApiRequest, trip: str) -> Response:
        """A trip as it is now; a completed one with its summary."""
        Query(request)
        return Response(trip_document(trip_or_404(request, trip)))

    @extend_schema(
        operation_id="update_trip",
        summary="Change a trip",
        tags=["Trips"],
        parameters=[TRIP],
        request=TripChangeBody,
        responses=problems(TripDocument, 404, 409, 413, 415),
    )
    def patch(self, request: ApiRequest, trip: str) -> Response:
        """Another destination, schedule or metadata; a field that is left out stays. The answer has the new estimate.

        With another destination a trip that had arrived is on its way again. Metadata is merged by its keys.
        """
        Query(request)
        found, now = trip_or_404(request, trip), timezone.now()
        changes = bodies.changes_in(request.environment, object_of(request, *bodies.CHANGE), found, now=now)
        return answer_of(change_trip, found, changes, now=now)


class CompleteTrip(Endpoint):
    """The end of a trip that was made."""

    @extend_schema(
        operation_id="complete_trip",
        summary="Complete a trip",
        tags=["Trips"],
        parameters=[TRIP],
        request=None,
        responses=problems(TripDocument, 404, 409),
    )
    def post(self, request: ApiRequest, trip: str) -> Response:
        """It is done: its summary is made, its links show no position any more. For good."""
        Query(request)
        return answer_of(complete_trip, trip_or_404(request, trip), now=timezone.now())


class CancelTrip(Endpoint):
    """The end of a trip that will not be made."""

    @extend_schema(
        operation_id="cancel_trip",
        summary="Cancel a trip",
        tags=["Trips"],
        parameters=[TRIP],
        request=None,
        responses=problems(TripDocument, 404, 409),
    )
    def post(self, request: ApiRequest, trip: str) -> Response:
        """It will not be made: it is watched no longer, its links show no position any more. For good."""
        Query(request)
        return answer_of(cancel_trip, trip_or_404(request, trip), now=timezone.now())


def trip_or_404(request: ApiRequest, reference: str) -> Trip:
    """The trip of the request's environment with that reference; raises the 404."""
    trip = trip_of(request.environment, reference)
    if trip is None:
        raise not_found("trip")
    return trip


def answer_of(service: Any, *args: Any, **kwargs: Any) -> Response:
    """The trip as the service leaves it; what cannot be is a 409 that says what can."""
    try:
        return Response(trip_document(service(*args, **kwargs)))
    except IllegalTransition as illegal:
        raise ApiProblem(409, "illegal_transition", str(illegal)) from None
