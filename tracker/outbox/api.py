"""`/api/v1/events`: everything that happened, for backends that ask instead of being told, or that catch up."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.query import Query, wrong
from tracker.http.schema import LIMIT, at, problems
from tracker.outbox.catalogue import Kind
from tracker.outbox.schemas import EventPage, event_document
from tracker.outbox.selectors import BEGINNING, Place, events_after, newest_place

KINDS = [kind.value for kind in Kind if kind is not Kind.WEBHOOK_TEST]
OLDEST, NEWEST = "oldest", "newest"


class Events(Endpoint):
    """The list of events."""

    @extend_schema(
        operation_id="list_events",
        summary="Everything that happened",
        tags=["Webhooks"],
        parameters=[
            OpenApiParameter("type", str, enum=KINDS, description="Only events of this kind."),
            at("from", "The first time of writing wanted."),
            OpenApiParameter(
                "start",
                str,
                enum=[OLDEST, NEWEST],
                description="Where to begin without a cursor: `oldest` (the default; events are kept for 30 days), or "
                "`newest`, which answers with no event and the cursor for whatever comes from now on.",
            ),
            LIMIT,
            OpenApiParameter(
                "cursor",
                str,
                description="The `next_cursor` of the answer before, even of one with no event; the same filters go "
                "with it.",
            ),
        ],
        responses=problems(EventPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Events in the order in which they became known to us, each with the body a webhook would have delivered.

        Nothing is ever put in before a place you have read up to, so a backend that keeps its cursor misses nothing
        and gets nothing twice. An event shows here a moment after it was written: once every transaction that began
        before it is over.
        """
        query = Query(request, "type", "from", "start", "limit", "cursor")
        environment, limit, list_name = (
            request.environment,
            limit_of(query),
            f"events:{request.environment.pk}",
        )
        kind, since = query.choice("type", KINDS), query.moment("from")
        start, place = query.choice("start", [OLDEST, NEWEST]), place_in(list_name, query, Place)
        if start and place:
            raise wrong("start", "start says where to begin without a cursor: leave one of the two out.")
        if start == NEWEST:
            return Response(EventPage([], more=False, next_cursor=cursor_of(list_name, newest_place())))
        found = events_after(
            environment, place or BEGINNING, limit=limit, kinds=[kind] if kind else [], since=since
        )
        if found.place_is_unknown:
            raise wrong(
                "cursor",
                "This place is not known any more: begin again, with from= the timestamp of the last event you have.",
            )
        rows = [event_document(event, environment.public_id) for event in found.events]
        return Response(EventPage(rows, found.more, cursor_of(list_name, found.place)))
