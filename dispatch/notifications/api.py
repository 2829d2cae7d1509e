"""`/api/v1/notifications`: what customers and members were told, and send again what was given up."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.notifications.catalogue import CHANNELS, TEMPLATES
from dispatch.notifications.models import Notification
from dispatch.notifications.schemas import NotificationDocument, NotificationPage, notification_document
from dispatch.notifications.selectors import Narrowing, notification_of, notifications_of
from dispatch.notifications.services import send_again
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

NOTIFICATION = OpenApiParameter("notification", str, "path", description="The `id` of a message, `ntf_…`.")
FILTERS = [
    OpenApiParameter("state", str, enum=list(Notification.State), description="Only those in this state."),
    OpenApiParameter("template", str, enum=list(TEMPLATES), description="Only those that say this."),
    OpenApiParameter("channel", str, enum=list(CHANNELS), description="Only those by this channel."),
    OpenApiParameter("shipment", str, description="Only those about it: `shp_…` or your own id."),
]


class Notifications(Endpoint):
    """What was told."""

    @extend_schema(
        operation_id="list_notifications",
        summary="List notifications",
        tags=["Exceptions"],
        parameters=[*FILTERS, LIMIT, CURSOR],
        responses=problems(NotificationPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Messages to customers and members, newest first: owed once, whatever is retried."""
        query = Query(request, "state", "template", "channel", "shipment", "limit", "cursor")
        narrowing = Narrowing(
            state=query.choice("state", list(Notification.State)) or "",
            template=query.choice("template", list(TEMPLATES)) or "",
            channel=query.choice("channel", list(CHANNELS)) or "",
            shipment=query.text("shipment", longest=200) or "",
        )
        rows = notifications_of(request.environment, narrowing)
        found, cursor = newest_first(f"notifications:{request.environment.pk}", query, rows)
        return Response(NotificationPage([notification_document(one) for one in found], cursor))


class OneNotification(Endpoint):
    """One of them."""

    @extend_schema(
        operation_id="get_notification",
        summary="Get a notification",
        tags=["Exceptions"],
        parameters=[NOTIFICATION],
        responses=problems(NotificationDocument, 404),
    )
    def get(self, request: ApiRequest, notification: str) -> Response:
        """What became of it: sent, given up, or overtaken."""
        Query(request)
        return Response(notification_document(_notification(request, notification)))


class SendAgain(Endpoint):
    """Once more."""

    @extend_schema(
        operation_id="send_notification_again",
        summary="Send a notification again",
        tags=["Exceptions"],
        parameters=[NOTIFICATION],
        request=None,
        responses=problems(NotificationDocument, 404, 409),
    )
    def post(self, request: ApiRequest, notification: str) -> Response:
        """Try one that was given up once more, under the same id. 409 `not_given_up` for any other."""
        Query(request)
        found = _notification(request, notification)
        if not send_again(request.environment.pk, found, now=timezone.now()):
            raise ApiProblem(409, "not_given_up", "Only a message that was given up can be sent again.")
        return Response(notification_document(_notification(request, notification)))


def _notification(request: ApiRequest, public_id: str) -> Notification:
    found = notification_of(request.environment, public_id)
    if found is None:
        raise not_found("notification")
    return found
