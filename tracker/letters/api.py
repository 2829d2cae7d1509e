"""`/api/v1/dead-letters`: what broke our processing, and a way to have it driven again."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.problems import not_found
from tracker.http.query import Query, require_order
from tracker.http.schema import CURSOR, LIMIT, at, problems
from tracker.letters.schemas import DeadLetterDocument, DeadLetterPage, letter_document
from tracker.letters.selectors import Narrowing, State, letter_of, letters_after, letters_of
from tracker.letters.services import ask

LONGEST_REASON = 200
LETTER = OpenApiParameter("letter", str, "path", description="The `id` of a dead letter, `dlt_…`.")


class DeadLetters(Endpoint):
    """Records that broke a step."""

    @extend_schema(
        operation_id="list_dead_letters",
        summary="Reports that broke our processing",
        tags=["Outcomes"],
        parameters=[
            OpenApiParameter("state", str, enum=list(State), description="Only letters in this state."),
            OpenApiParameter("reason", str, description="Only letters with exactly this reason."),
            at("from", "The first time of parking wanted."),
            at("to", "The time before which letters were parked."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(DeadLetterPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Dead letters, newest first.

        Until one is driven again its reports are counted as quarantined with the reason `dead_letter`.
        """
        query = Query(request, "state", "reason", "from", "to", "limit", "cursor")
        since, until = query.moment("from"), query.moment("to")
        if since and until:
            require_order(since, until)
        narrowing = Narrowing(
            state=query.choice("state", list(State)) or "",
            reason=query.text("reason", longest=LONGEST_REASON) or "",
            since=since,
            until=until,
        )
        limit, list_name = limit_of(query), f"letters:{request.environment.pk}"
        found = letters_after(
            request.environment, narrowing, after=place_in(list_name, query, int), limit=limit + 1
        )
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].pk) if more else None
        return Response(DeadLetterPage([letter_document(letter) for letter in found], cursor))


class Redrive(Endpoint):
    """Another try."""

    @extend_schema(
        operation_id="redrive_dead_letter",
        summary="Drive a dead letter again",
        tags=["Outcomes"],
        parameters=[LETTER],
        request=None,
        responses=problems({202: DeadLetterDocument}, 404),
    )
    def post(self, request: ApiRequest, letter: str) -> Response:
        """Ask that the record goes through our processing once more; it does within seconds.

        Its reports then end as if they had never failed. Asking twice is asking once, and one that was driven
        already stays as it is: `state` says where it stands.
        """
        Query(request)
        found = letter_of(request.environment, letter)
        if found is None:
            raise not_found("dead letter")
        ask(letters_of(request.environment).filter(pk=found.pk), now=timezone.now())
        found.refresh_from_db(from_queryset=letters_of(request.environment))
        return Response(letter_document(found), status=202)
