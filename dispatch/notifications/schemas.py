"""Messages as the API shows them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dispatch.notifications.models import Notification
from tracker.http.times import Moment, moment_text


class NotificationDocument(Struct):
    """A message that somebody is owed, once."""

    id: Annotated[
        str,
        Meta(
            description="Also the `Idempotency-Key` a gateway gets, and part of a mail's `Message-ID`.",
            examples=["ntf_2b1c7d90a4f35e68c0d1b2a3948576fe"],
        ),
    ]
    shipment: Annotated[str | None, Meta(description="`shp_…`")]
    template: Annotated[str, Meta(examples=["failed_attempt"])]
    channel: Literal["mail", "sms", "push"]
    language: Annotated[str, Meta(examples=["mr"])]
    about: Annotated[str, Meta(description="Which turn of it.", examples=["attempt 1"])]
    state: Annotated[
        Literal["pending", "sent", "given_up", "unwanted", "withdrawn"],
        Meta(description="`unwanted`: there is no address. `withdrawn`: overtaken, or too old to be of use."),
    ]
    address: str
    tries: int
    problem: str
    created_at: Moment
    due_at: Moment | None
    sent_at: Moment | None


class NotificationPage(Struct):
    """Some messages, newest first."""

    data: list[NotificationDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


def notification_document(row: Notification) -> NotificationDocument:
    """A message as the API shows it."""
    return NotificationDocument(
        id=row.public_id,
        shipment=row.shipment.public_id if row.shipment else None,
        template=row.template,
        channel=row.channel,  # type: ignore[arg-type]  # the catalogue's channels are the literal's
        language=row.language,
        about=row.about,
        state=row.state,  # type: ignore[arg-type]  # the model's choices are the literal's
        address=row.address,
        tries=row.tries,
        problem=row.problem,
        created_at=moment_text(row.created_at),
        due_at=moment_text(row.due_at) if row.due_at else None,
        sent_at=moment_text(row.sent_at) if row.sent_at else None,
    )
