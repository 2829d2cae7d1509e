"""Dead letters as the API shows them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from tracker.devices.schemas import ExternalId
from tracker.http.times import Moment, moment_text
from tracker.ingestion.models import DeadLetter
from tracker.letters.contents import contents_of, kind_of, why
from tracker.letters.selectors import public_letter_id, state_of
from tracker.tenants.identifiers import public_id

LetterState = Literal["waiting", "asked", "failed", "redriven"]


class DeadLetterDocument(Struct):
    """A record that broke our processing. It is kept until it is driven again."""

    id: Annotated[str, Meta(examples=["dlt_2b1c7d90a4f35e68c0d1b2a3948576fe0d1b2a3948576fe2"])]
    state: Annotated[
        LetterState,
        Meta(
            description="`waiting`: nobody asked for a redrive. `asked`: it will be driven within seconds. "
            "`failed`: it broke again. `redriven`: its reports have ended like any other."
        ),
    ]
    reason: Annotated[
        str, Meta(description="Step and kind of failure; equal for all that broke alike.",
                  examples=["store_positions: ValueError"])
    ]  # fmt: skip
    detail: Annotated[str, Meta(examples=["Our processing broke while writing the positions (ValueError)."])]
    device: Annotated[ExternalId | None, Meta(description="null where the record cannot be read.")]
    reports: Annotated[int, Meta(ge=1, description="How many reports it stands for.")]
    payload: Annotated[
        Raw,
        Meta(
            description="The record in the native form; null where it cannot be read.",
            extra_json_schema={"type": ["object", "null"]},
        ),
    ]
    received_at: Moment | None
    parked_at: Moment
    redrive_asked_at: Moment | None
    redriven_at: Moment | None
    redrive_error: Annotated[str | None, Meta(description="Kind of failure of the last redrive.")]
    request_id: Annotated[str | None, Meta(examples=["req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]


class DeadLetterPage(Struct):
    """Some dead letters, newest first."""

    data: list[DeadLetterDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


def letter_document(letter: DeadLetter) -> DeadLetterDocument:
    """A letter as the API shows it."""
    found = contents_of(letter)
    return DeadLetterDocument(
        id=public_letter_id(letter),
        state=state_of(letter).value,
        reason=letter.reason,
        detail=why(letter),
        device=found.device if found.document is not None else None,
        reports=letter.fixes,
        payload=Raw(msgspec.json.encode(found.document, enc_hook=_as_text)),
        received_at=moment_text(letter.received_at) if letter.received_at else None,
        parked_at=moment_text(letter.created_at),
        redrive_asked_at=moment_text(letter.redrive_asked_at) if letter.redrive_asked_at else None,
        redriven_at=moment_text(letter.redriven_at) if letter.redriven_at else None,
        redrive_error=kind_of(letter.redrive_error) or None,
        request_id=public_id("req", letter.request_id) if letter.request_id else None,
    )


def _as_text(value: Any) -> str:
    return str(value)
