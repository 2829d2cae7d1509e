"""`/api/v1/devices/{device}/history`: distance, moves and dwells, trips and stays of one device."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from tracker.devices.api import DEVICE, device_or_404
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query, require_order, wrong
from tracker.http.schema import at, problems
from tracker.http.times import moment_text
from tracker.trips.history import history_of
from tracker.trips.history_schemas import HistoryDocument, segment_document, trip_entries, visit_entries

DEFAULT_SPAN, LONGEST_SPAN = timedelta(hours=24), timedelta(days=7)


class DeviceHistory(Endpoint):
    """What one device did."""

    @extend_schema(
        operation_id="get_device_history",
        summary="A device's moves, dwells, trips and stays",
        tags=["Positions"],
        parameters=[
            DEVICE,
            at("from", "The first recorded time wanted. Without it, 24 hours before `to`."),
            at("to", "The recorded time before which it ends. Without it, now. At most 7 days after `from`."),
            at("known_at", "Only of positions that were stored by this time: what could be known then."),
        ],
        responses=problems(HistoryDocument, 404),
    )
    def get(self, request: ApiRequest, device: str) -> Response:
        """The way of a device, where it dwelled, and the trips and geofences of that time.

        It is read off the positions anew each time, so late reports are in it. Older days: `…/daily-lines`.
        """
        query = Query(request, "from", "to", "known_at")
        until = query.moment("to") or timezone.now()
        since = query.moment("from") or until - DEFAULT_SPAN
        require_order(since, until)
        if until - since > LONGEST_SPAN:
            raise wrong("from", "from lies more than 7 days before to; ask for one week at a time.")
        found = device_or_404(request, device)
        history = history_of(found, since, until, known_at=query.moment("known_at"))
        return Response(
            HistoryDocument(
                device=found.public_id,
                from_=moment_text(since),
                to=moment_text(until),
                positions=len(history.fixes),
                distance_m=round(history.distance_m, 1),
                moving_s=history.seconds("moving"),
                stopped_s=history.seconds("stopped"),
                segments=[segment_document(segment) for segment in history.segments],
                trips=trip_entries(history),
                visits=visit_entries(history),
            )
        )
