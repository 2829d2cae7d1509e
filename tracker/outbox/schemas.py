"""Events as the API shows them: the very body that a webhook delivers."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from tracker.http.times import Moment, moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent


class EventDocument(Struct):
    """Something that happened."""

    id: Annotated[
        str,
        Meta(
            description="Equal wherever the event is told, so tell duplicates by it.",
            examples=["evt_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"],
        ),
    ]
    type: Annotated[str, Meta(description="Its kind.", examples=[Kind.GEOFENCE_ENTERED.value])]
    timestamp: Annotated[Moment, Meta(description="When it happened.")]
    environment: Annotated[str, Meta(examples=["env_7c1d0e9f8a2b4c3d9e8f7a6b5c4d3e2f"])]
    data: Annotated[
        dict[str, Any], Meta(description="As the kind's schema says, see `GET /api/v1/webhook-schemas`.")
    ]


class EventPage(Struct):
    """Some events, in the order in which they became known."""

    data: list[EventDocument]
    more: Annotated[bool, Meta(description="Whether there were more when this was answered.")]
    next_cursor: Annotated[
        str,
        Meta(
            description="Pass as `cursor` to go on. It is never null: keep the last one and ask again with it for what "
            "came since."
        ),
    ]


def event_document(event: OutboxEvent, environment: str) -> EventDocument:
    """An event of the environment with that public id."""
    return EventDocument(event.public_id, event.kind, moment_text(event.occurred_at), environment, event.data)
