"""`/api/v1/webhook-endpoints`: who is told what happens. What each was sent is in `log_api`."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import UNSET
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.problems import not_found
from tracker.http.query import Query
from tracker.http.schema import problems
from tracker.webhooks import services
from tracker.webhooks.bodies import body_of, told_to_the_caller
from tracker.webhooks.models import WebhookEndpoint
from tracker.webhooks.schemas import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    RotatedSecret,
    Rotation,
    WebhookEndpointChange,
    WebhookEndpointDocument,
    WebhookEndpoints,
    WebhookMessageDocument,
    endpoint_document,
    message_document,
    secrets_document,
)
from tracker.webhooks.selectors import endpoint_of, endpoints_of, secrets_of

ENDPOINT = OpenApiParameter("endpoint", str, "path", description="The `id` of an endpoint, `whk_…`.")
BY_HAND = "Disabled through the API."


def endpoint_or_404(request: ApiRequest, reference: str) -> WebhookEndpoint:
    """The endpoint of the request's environment; raises the 404. Actions take no query parameters."""
    Query(request)
    found = endpoint_of(request.environment, reference)
    if found is None:
        raise not_found("endpoint")
    return found


def shown(endpoint: WebhookEndpoint, status: int = 200) -> Response:
    """The endpoint as it is now."""
    return Response(endpoint_document(endpoint, secrets_of(endpoint, now=timezone.now())), status=status)


class WebhookEndpointList(Endpoint):
    """All endpoints."""

    answer_is_secret = True

    @extend_schema(
        operation_id="list_webhook_endpoints",
        summary="List webhook endpoints",
        tags=["Webhooks"],
        responses=problems(WebhookEndpoints),
    )
    def get(self, request: ApiRequest) -> Response:
        """Every endpoint of the environment with its state, newest first."""
        Query(request)
        now = timezone.now()
        rows = endpoints_of(request.environment)
        return Response(WebhookEndpoints([endpoint_document(row, secrets_of(row, now=now)) for row in rows]))

    @extend_schema(
        operation_id="create_webhook_endpoint",
        summary="Make a webhook endpoint",
        tags=["Webhooks"],
        request=NewWebhookEndpoint,
        responses=problems({201: CreatedWebhookEndpoint}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make an endpoint and learn its signing secret, which is shown this once.

        A signed challenge is sent to it at once, `{"type":"webhook.verification","challenge":"…"}`. It must answer 2xx
        with the challenge in the body, as text or as `{"challenge":"…"}`; events are sent only after that.
        """
        Query(request)
        asked = body_of(request, NewWebhookEndpoint)
        now = timezone.now()
        with told_to_the_caller():
            endpoint, secret = services.create_endpoint(
                request.environment,
                url=asked.url,
                description=asked.description,
                kinds=asked.kinds,
                content_type=asked.content_type,
                by=request.auth.created_by,
                now=now,
            )
        document = endpoint_document(endpoint, secrets_of(endpoint, now=now))
        return Response(CreatedWebhookEndpoint(document, secret), status=201)


class OneWebhookEndpoint(Endpoint):
    """An endpoint."""

    @extend_schema(
        operation_id="get_webhook_endpoint",
        summary="Look at a webhook endpoint",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        responses=problems(WebhookEndpointDocument, 404),
    )
    def get(self, request: ApiRequest, endpoint: str) -> Response:
        """An endpoint with its state."""
        return shown(endpoint_or_404(request, endpoint))

    @extend_schema(
        operation_id="update_webhook_endpoint",
        summary="Change a webhook endpoint",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=WebhookEndpointChange,
        responses=problems(WebhookEndpointDocument, 404, 413, 415),
    )
    def patch(self, request: ApiRequest, endpoint: str) -> Response:
        """Change its URL, description, events or content type. Another URL is verified before it is sent anything."""
        found = endpoint_or_404(request, endpoint)
        asked = body_of(request, WebhookEndpointChange)
        with told_to_the_caller():
            changed = services.update_endpoint(
                found,
                url=None if asked.url is UNSET else asked.url,
                description=None if asked.description is UNSET else asked.description,
                kinds=None if asked.kinds is UNSET else asked.kinds,
                content_type=None if asked.content_type is UNSET else asked.content_type,
                now=timezone.now(),
            )
        return shown(changed)

    @extend_schema(
        operation_id="delete_webhook_endpoint",
        summary="Delete a webhook endpoint",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        responses=problems(None, 404),
    )
    def delete(self, request: ApiRequest, endpoint: str) -> Response:
        """Send it nothing more, and forget its secrets."""
        if not services.delete_endpoint(endpoint_or_404(request, endpoint), now=timezone.now()):
            raise not_found("endpoint")
        return Response(status=204)


class VerifyWebhookEndpoint(Endpoint):
    """Another challenge."""

    @extend_schema(
        operation_id="verify_webhook_endpoint",
        summary="Send the challenge again",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=None,
        responses=problems({202: WebhookEndpointDocument}, 404),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Ask the endpoint once more whether it wants to be told. It is asked within seconds: look at it again then."""
        found = endpoint_or_404(request, endpoint)
        with told_to_the_caller():
            services.verify_endpoint(found, now=timezone.now())
        return shown(found, 202)


class RotateWebhookSecret(Endpoint):
    """A new secret."""

    answer_is_secret = True

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Change the signing secret",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=Rotation,
        responses=problems(RotatedSecret, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Make a new signing secret, shown this once. Until the overlap is over requests carry a signature by each
        secret in force, so receivers may change at any moment in between."""
        found = endpoint_or_404(request, endpoint)
        asked, now = body_of(request, Rotation, may_be_empty=True), timezone.now()
        with told_to_the_caller():
            secret = services.rotate_secret(found, overlap=timedelta(seconds=asked.overlap_s), now=now)
        return Response(RotatedSecret(secret, secrets_document(secrets_of(found, now=now))))


class TestWebhookEndpoint(Endpoint):
    """A test."""

    @extend_schema(
        operation_id="test_webhook_endpoint",
        summary="Send a test event",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=None,
        responses=problems({202: WebhookMessageDocument}, 404, 409),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Send the endpoint a `webhook.test`, whichever events it asks for. It must be enabled."""
        found = endpoint_or_404(request, endpoint)
        with told_to_the_caller():
            message = services.send_test(found, now=timezone.now())
        return Response(message_document(message), status=202)


class EnableWebhookEndpoint(Endpoint):
    """On again."""

    @extend_schema(
        operation_id="enable_webhook_endpoint",
        summary="Enable a webhook endpoint",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=None,
        responses=problems(WebhookEndpointDocument, 404, 409),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Send to a disabled endpoint again. What was withheld meanwhile is sent when you replay it."""
        found = endpoint_or_404(request, endpoint)
        with told_to_the_caller():
            services.enable_endpoint(found, now=timezone.now())
        return shown(found)


class DisableWebhookEndpoint(Endpoint):
    """Off."""

    @extend_schema(
        operation_id="disable_webhook_endpoint",
        summary="Disable a webhook endpoint",
        tags=["Webhooks"],
        parameters=[ENDPOINT],
        request=None,
        responses=problems(WebhookEndpointDocument, 404),
    )
    def post(self, request: ApiRequest, endpoint: str) -> Response:
        """Send it nothing until it is enabled again. What happens meanwhile can be replayed for 30 days."""
        found = endpoint_or_404(request, endpoint)
        with told_to_the_caller():
            services.disable_endpoint(found, reason=BY_HAND, now=timezone.now())
        return shown(found)
