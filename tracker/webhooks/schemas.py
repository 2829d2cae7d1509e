"""Endpoints, messages and attempts as the API shows them, and what callers send."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tracker.http.times import Moment, moment_text
from tracker.outbox.schemas import EventDocument, event_document
from tracker.tenants.models import Environment
from tracker.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookSecret

EndpointId = Annotated[str, Meta(examples=["whk_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
MessageId = Annotated[str, Meta(examples=["msg_2b1c7d90a4f35e68c0d1b2a3948576fe"])]
Url = Annotated[
    str,
    Meta(max_length=2000, description="An https address of yours.", examples=["https://example.com/hooks"]),
]
Description = Annotated[str, Meta(max_length=200, examples=["Our order system"])]
Kinds = Annotated[
    list[str],
    Meta(
        description="Which events: names, or families such as `trip.*`; none means all.",
        examples=[["geofence.*", "device.silent"]],
    ),
]
ContentType = Annotated[
    Literal["application/json", "text/plain"],
    Meta(description="Of the requests. `text/plain` for receivers that take the JSON apart themselves."),
]
Secret = Annotated[
    str,
    Meta(description="Shown this once.", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
]
NextCursor = Annotated[str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")]


class SecretInForce(Struct):
    """A secret that requests are signed with; its text is not shown again."""

    made_at: Moment
    expires_at: Annotated[Moment | None, Meta(description="Set once another one takes over.")]


class WebhookEndpointDocument(Struct):
    """An address that is told what happens."""

    id: EndpointId
    url: Url
    description: Description
    kinds: Kinds
    content_type: ContentType
    state: Annotated[
        Literal["unverified", "enabled", "disabled"],
        Meta(description="Only an enabled endpoint is sent events."),
    ]
    state_reason: Annotated[str, Meta(description="Why it is not verified or disabled; may be empty.")]
    verifying: Annotated[bool, Meta(description="A challenge is on its way: ask again in a few seconds.")]
    verified_at: Moment | None
    failing_since: Annotated[Moment | None, Meta(description="The first failure since the last success.")]
    disabled_at: Moment | None
    created_at: Moment
    secrets: Annotated[list[SecretInForce], Meta(description="Newest first; each request is signed by all.")]


class WebhookEndpoints(Struct):
    """All endpoints of the environment, newest first; there are 50 at most."""

    data: list[WebhookEndpointDocument]


class NewWebhookEndpoint(Struct, forbid_unknown_fields=True):
    """An endpoint to be made."""

    url: Url
    description: Description = ""
    kinds: Kinds = []
    content_type: ContentType = "application/json"


class CreatedWebhookEndpoint(Struct):
    """A new endpoint, and its secret."""

    endpoint: WebhookEndpointDocument
    secret: Secret


class WebhookEndpointChange(Struct, forbid_unknown_fields=True):
    """What to change; a field that is left out stays as it is."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    kinds: Kinds | UnsetType = UNSET
    content_type: ContentType | UnsetType = UNSET


class Rotation(Struct, forbid_unknown_fields=True):
    """How to change over to a new secret."""

    overlap_s: Annotated[
        int,
        Meta(
            ge=0,
            le=2_592_000,
            description="For how many seconds the secrets before stay in force beside it. 0 ends them at once.",
            examples=[86_400],
        ),
    ] = 86_400


class RotatedSecret(Struct):
    """The new secret, and all that are in force."""

    secret: Secret
    secrets: list[SecretInForce]


class ReplayRequest(Struct, forbid_unknown_fields=True):
    """What to send again. Without times: all that the endpoint never got."""

    from_: Annotated[
        str | UnsetType,
        Meta(description="The first time of writing wanted.", examples=["2026-05-01T08:00:00Z"]),
    ] = field(default=UNSET, name="from")
    to: Annotated[
        str | UnsetType,
        Meta(description="The time before which they were written; now where it is left out."),
    ] = UNSET
    kinds: Annotated[Kinds, Meta(description="With times only; none: all that the endpoint asks for.")] = []
    delivered_too: Annotated[
        bool, Meta(description="With times only: send again also what was delivered.")
    ] = False


class Replayed(Struct):
    """How much is sent again."""

    messages: Annotated[
        int, Meta(ge=0, description="At most 50,000 a call: call again until it is 0.", examples=[12])
    ]


class WebhookMessageDocument(Struct):
    """That an endpoint is owed an event, and how far that came."""

    id: MessageId
    event: Annotated[str, Meta(examples=["evt_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    type: Annotated[str, Meta(description="The event's kind.", examples=["geofence.entered"])]
    occurred_at: Moment
    number: Annotated[int, Meta(ge=0, description="0 the first time; replays count up.")]
    state: Annotated[
        Literal["pending", "delivered", "failed", "withheld"],
        Meta(
            description="`failed`: given up after a day of attempts. `withheld`: the endpoint was disabled meanwhile."
        ),
    ]
    attempts: Annotated[int, Meta(ge=0, description="Requests made so far.")]
    next_attempt_at: Moment | None
    created_at: Moment
    ended_at: Moment | None


class WebhookMessagePage(Struct):
    """Some messages, newest first."""

    data: list[WebhookMessageDocument]
    next_cursor: NextCursor


class WebhookAttemptDocument(Struct):
    """One request, and what came back."""

    number: int
    started_at: Moment
    duration_ms: int
    status: Annotated[int | None, Meta(description="The answer's status; null: no answer.", examples=[200])]
    error: Annotated[str | None, Meta(description="Why it does not count as delivered.")]
    answer: Annotated[str, Meta(description="The beginning of the answer's body.")]


class WebhookMessageDetail(Struct):
    """A message with its payload and every attempt."""

    message: WebhookMessageDocument
    payload: EventDocument
    attempts: list[WebhookAttemptDocument]


class WebhookSchemaEntry(Struct):
    """One kind of event."""

    type: Annotated[str, Meta(examples=["geofence.entered"])]
    description: str
    schema: Annotated[str, Meta(description="Where its JSON Schema is.")]
    example: Annotated[dict[str, Any], Meta(description="A body as it is delivered.")]


class WebhookSchemas(Struct):
    """Every kind of event there is."""

    data: list[WebhookSchemaEntry]


def endpoint_document(endpoint: WebhookEndpoint, secrets: list[WebhookSecret]) -> WebhookEndpointDocument:
    """An endpoint as the API shows it."""
    return WebhookEndpointDocument(
        id=endpoint.public_id,
        url=endpoint.url,
        description=endpoint.description,
        kinds=endpoint.kinds,
        content_type=endpoint.content_type,  # type: ignore[arg-type]  # its choices are these
        state=endpoint.state,  # type: ignore[arg-type]  # the same
        state_reason=endpoint.state_reason,
        verifying=endpoint.verify_at is not None,
        verified_at=_text(endpoint.verified_at),
        failing_since=_text(endpoint.failing_since),
        disabled_at=_text(endpoint.disabled_at),
        created_at=moment_text(endpoint.created_at),
        secrets=secrets_document(secrets),
    )


def secrets_document(secrets: list[WebhookSecret]) -> list[SecretInForce]:
    """Secrets without their texts."""
    return [SecretInForce(moment_text(one.made_at), _text(one.expires_at)) for one in secrets]


def message_document(message: WebhookMessage) -> WebhookMessageDocument:
    """A message, its event loaded."""
    waits = message.state == WebhookMessage.State.PENDING
    return WebhookMessageDocument(
        id=message.public_id,
        event=message.event.public_id,
        type=message.event.kind,
        occurred_at=moment_text(message.event.occurred_at),
        number=message.number,
        state=message.state,  # type: ignore[arg-type]  # its choices are these
        attempts=message.attempts,
        next_attempt_at=moment_text(message.due_at) if waits else None,
        created_at=moment_text(message.created_at),
        ended_at=_text(message.ended_at),
    )


def message_detail(
    environment: Environment, message: WebhookMessage, attempts: list[WebhookAttempt]
) -> WebhookMessageDetail:
    """A message with all there is about it."""
    return WebhookMessageDetail(
        message_document(message),
        event_document(message.event, environment.public_id),
        [
            WebhookAttemptDocument(
                one.number,
                moment_text(one.started_at),
                one.duration_ms,
                one.status,
                one.error or None,
                one.answer,
            )
            for one in attempts
        ],
    )


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None
