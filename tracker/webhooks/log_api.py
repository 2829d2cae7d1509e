"""What endpoints were sent, sending it again, and the schemas of it: `/api/v1/webhook-endpoints/…/messages`."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import UNSET
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.problems import bad_request, not_found
from tracker.http.query import Query, require_order
from tracker.http.schema import CURSOR, LIMIT, at, problems
from tracker.outbox.catalogue import Kind
from tracker.webhooks import published, services
from tracker.webhooks.api import ENDPOINT, endpoint_or_404
from tracker.webhooks.bodies import body_of, moment_of, told_to_the_caller
from tracker.webhooks.examples import example
from tracker.webhooks.models import WebhookMessage
from tracker.webhooks.schemas import (
    Replayed,
    ReplayRequest,
    WebhookMessageDetail,
    WebhookMessageDocument,
    WebhookMessagePage,
    WebhookSchemaEntry,
    WebhookSchemas,
    message_detail,
    message_document,
)
from tracker.webhooks.selectors import Narrowing, attempts_of, endpoint_of, message_of, messages_after

MESSAGE = OpenApiParameter("message", str, "path", description="The `id` of a message, `msg_…`.")
STATES = WebhookMessage.State.values
KINDS = [kind.value for kind in Kind]


def message_or_404(request: ApiRequest, endpoint: str, message: str) -> WebhookMessage:
    """The message of that endpoint of the request's environment; raises the 404."""
    found = message_of(endpoint_or_404(request, endpoint), message)
    if found is None:
        raise not_found("message")
    return found


class WebhookMessages(Endpoint):
    """The log."""

    @extend_schema(
        operation_id="list_webhook_messages",
        summary="What an endpoint was sent",
        tags=["Webhooks"],
        parameters=[
            ENDPOINT,
            OpenApiParameter("state", str, enum=STATES, description="Only messages in this state."),
            OpenApiParameter("type", str, enum=KINDS, description="Only messages of events of this kind."),
            at("from", "The first time of making wanted."),
            at("to", "The time before which they were made."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(WebhookMessagePage, 404),
    )
    def get(self, request: ApiRequest, endpoint: str) -> Response:
        """What the endpoint was sent or is owed, newest first."""
        query = Query(request, "state", "type", "from", "to", "limit", "cursor")
        found = endpoint_of(request.environment, endpoint)
        if found is None:
            raise not_found("endpoint")
        since, until = query.moment("from"), query.moment("to")
        if since and until:
            require_order(since, until)
        narrowing = Narrowing(
            state=query.choice("state", STATES) or "",
            kind=query.choice("type", KINDS) or "",
            since=since,
            until=until,
        )
        limit, list_name = limit_of(query), f"webhook-messages:{found.pk}"
        rows = messages_after(found, narrowing, after=place_in(list_name, query, int), limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        cursor = cursor_of(list_name, rows[-1].pk) if more else None
        return Response(WebhookMessagePage([message_document(row) for row in rows], cursor))


class OneWebhookMessage(Endpoint):
    """A message."""

    @extend_schema(
        operation_id="get_webhook_message",
        summary="Look at a message and its attempts",
        tags=["Webhooks"],
        parameters=[ENDPOINT, MESSAGE],
        responses=problems(WebhookMessageDetail, 404),
    )
    def get(self, request: ApiRequest, endpoint: str, message: str) -> Response:
        """The payload, and every request that was made to deliver it."""
        found = message_or_404(request, endpoint, message)
        return Response(message_detail(request.environment, found, attempts_of(found)))


class ReplayWebhookMessage(Endpoint):
    """One again."""

    @extend_schema(
        operation_id="replay_webhook_message",
        summary="Send a message again",
        tags=["Webhooks"],
        parameters=[ENDPOINT, MESSAGE],
        request=None,
        responses=problems({202: WebhookMessageDocument}, 404, 409),
    )
    def post(self, request: ApiRequest, endpoint: str, message: str) -> Response:
        """Send its event once more, with the same `webhook-id`. The answer is the new message."""
        found = message_or_404(request, endpoint, message)
        with told_to_the_caller():
            again = services.replay_message(found, now=timezone.now())
        return Response(message_document(again), status=202)


class ReplayWebhooks(Endpoint):
    """Many again."""

    @extend_schema(
        operation_id="replay_webhooks",
        summary="Send a range again, or all that is missing",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=ReplayRequest,
        responses=problems({202: Replayed}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Without a body: everything that happened since the endpoint was made, that it asks for and never got.

        With `from`, and `to` where you like: what was written in that time and it did not get; with `delivered_too`
        also what it got. Events keep their ids, and those it is waiting for are left alone.
        """
        found = endpoint_or_404(request, endpoint)
        asked, now = body_of(request, ReplayRequest, may_be_empty=True), timezone.now()
        if asked.from_ is UNSET:
            if asked.to is not UNSET or asked.kinds or asked.delivered_too:
                raise bad_request("invalid_body", "Say from which time on as well.", "/from")
            with told_to_the_caller():
                return Response(Replayed(services.replay_missing(found, now=now)), status=202)
        since = moment_of("from", asked.from_)
        until = now if asked.to is UNSET else moment_of("to", asked.to)
        with told_to_the_caller():
            count = services.replay_range(
                found,
                since=since,
                until=until,
                kinds=asked.kinds,
                only_failed=not asked.delivered_too,
                now=now,
            )
        return Response(Replayed(count), status=202)


class Public(Endpoint):
    """Holds nothing of anybody, so it needs no key."""

    authentication_classes = []
    permission_classes = []


class WebhookSchemaList(Public):
    """The kinds of events."""

    @extend_schema(
        operation_id="list_webhook_schemas",
        summary="Every kind of event and its schema",
        tags=["Webhooks"],
        responses=problems(WebhookSchemas),
    )
    def get(self, request: ApiRequest) -> Response:
        """What can be told of, with an example of each body. Needs no key."""
        Query(request)
        return Response(
            WebhookSchemas(
                [
                    WebhookSchemaEntry(
                        kind.value, published.title_of(kind), published.address_of(kind), example(kind)
                    )
                    for kind in Kind
                ]
            )
        )


class WebhookSchema(Public):
    """One kind's schema."""

    @extend_schema(
        operation_id="get_webhook_schema",
        summary="The JSON Schema of one kind of event",
        tags=["Webhooks"],
        parameters=[OpenApiParameter("kind", str, "path", enum=KINDS, description="The kind.")],
        responses=problems({200: OpenApiTypes.OBJECT}, 404),
    )
    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        """JSON Schema 2020-12 of the whole body that is delivered. Fields may be added over time. Needs no key."""
        if kind not in KINDS:
            raise not_found("kind of event")
        return Response(published.schema_of(Kind(kind)))
