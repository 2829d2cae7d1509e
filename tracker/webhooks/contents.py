"""What a message's page shows of it: the payload set out for reading, the headers of an attempt."""

import json
from collections.abc import Sequence

import msgspec

from tracker.tenants.models import Environment
from tracker.webhooks import signing
from tracker.webhooks.body import USER_AGENT, body_of, trace_headers
from tracker.webhooks.models import WebhookAttempt, WebhookMessage, WebhookSecret
from tracker.webhooks.selectors import data_text_of


def body_bytes(environment: Environment, message: WebhookMessage) -> bytes:
    """The very bytes that are sent; the message's event must be loaded."""
    event = message.event
    return body_of(
        event=event.uid,
        kind=event.kind,
        occurred_at=event.occurred_at,
        environment=environment.uid,
        data=msgspec.Raw(data_text_of(message).encode()),
    )


def readable(body: bytes) -> str:
    """JSON with line breaks."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def headers_of(
    message: WebhookMessage, attempt: WebhookAttempt, secrets: Sequence[WebhookSecret], body: bytes
) -> list[tuple[str, str]]:
    """The headers of an attempt. Signatures by secrets that are forgotten by now cannot be shown again."""
    at = attempt.started_at
    in_force = [
        bytes(one.secret)
        for one in secrets
        if one.made_at <= at and (one.expires_at is None or one.expires_at > at)
    ]
    signed = signing.headers(in_force, message.event.public_id, int(at.timestamp()), body)
    found = {"Content-Type": message.endpoint.content_type, "User-Agent": USER_AGENT}
    found |= signed | trace_headers(message.event.request_id, message.uid)
    return [(name, value or "not known any more") for name, value in found.items()]
