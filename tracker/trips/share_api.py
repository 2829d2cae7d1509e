"""`/api/v1/trips/{trip}/shares`: links by which strangers follow one trip."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import problems
from tracker.trips import bodies
from tracker.trips.api import TRIP, trip_or_404
from tracker.trips.request_schemas import NewShareBody
from tracker.trips.schemas import NewShareDocument, ShareDocument, SharePage
from tracker.trips.selectors import share_of, shares_of
from tracker.trips.share_documents import new_share_document, share_document
from tracker.trips.shares import LONGEST, REVEAL_M, SHORTEST, USUAL, CannotShare, create_share, revoke_share

SHARE = OpenApiParameter("share", str, "path", description="The `id` of a link, `shr_…`.")


class TripShares(Endpoint):
    """The links of a trip."""

    answer_is_secret = True

    @extend_schema(
        operation_id="list_trip_shares",
        summary="List the links of a trip",
        tags=["Trips"],
        parameters=[TRIP],
        responses=problems(SharePage, 404),
    )
    def get(self, request: ApiRequest, trip: str) -> Response:
        """All of them, the newest first, with how often each was opened. Their addresses cannot be shown again."""
        Query(request)
        found, now = trip_or_404(request, trip), timezone.now()
        return Response(SharePage([share_document(share, found, now=now) for share in shares_of(found)]))

    @extend_schema(
        operation_id="create_trip_share",
        summary="Make a link to a trip",
        tags=["Trips"],
        parameters=[TRIP],
        request=NewShareBody,
        responses=problems({201: NewShareDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, trip: str) -> Response:
        """A link that shows this trip, and nothing else, to whoever has it. The answer alone holds its address.

        It ends at its time, when it is revoked, and with the trip. Make a new one at any time.
        """
        Query(request)
        found, now = trip_or_404(request, trip), timezone.now()
        body: dict[str, Any] = object_of(request, "expires_in_s", "reveal_within_m") if request.body else {}
        bounds = (SHORTEST.total_seconds(), LONGEST.total_seconds())
        lasts = timedelta(
            seconds=bodies.positive_seconds(body, "expires_in_s", bounds, USUAL.total_seconds())
        )
        near_m = bodies.metres(body, "reveal_within_m", REVEAL_M)
        try:
            share, token = create_share(found, lasts=lasts, reveal_within_m=near_m, by=None, now=now)
        except CannotShare as refusal:
            raise ApiProblem(409, "cannot_share", str(refusal)) from None
        return Response(new_share_document(share, found, token, now=now), status=201)


class OneTripShare(Endpoint):
    """A link."""

    @extend_schema(
        operation_id="revoke_trip_share",
        summary="Revoke a link",
        tags=["Trips"],
        parameters=[TRIP, SHARE],
        responses=problems(ShareDocument, 404),
    )
    def delete(self, request: ApiRequest, trip: str, share: str) -> Response:
        """It shows nothing any more, from two seconds on at the latest. Revoking twice is revoking once."""
        Query(request)
        found, now = trip_or_404(request, trip), timezone.now()
        link = share_of(found, share)
        if link is None:
            raise not_found("link")
        revoke_share(link, now=now)
        return Response(share_document(link, found, now=now))
