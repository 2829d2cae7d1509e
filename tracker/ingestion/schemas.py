"""Outcomes and set-aside reports as the API shows them. The OpenAPI document is made from these structs."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from tracker.devices.schemas import DeviceId, ExternalId
from tracker.http.seals import seal
from tracker.http.times import Moment, moment_text
from tracker.ingestion.models import Outcome, SetAsideReport
from tracker.ingestion.selectors import Outcomes
from tracker.tenants.identifiers import public_id

Count = Annotated[int, Meta(ge=0)]
Reasons = Annotated[dict[str, int], Meta(description="Counts by reason.", examples=[{"poor_accuracy": 3}])]
Payload = Annotated[
    Raw,
    Meta(
        description="What was sent. Where it was longer than 2 KiB: its beginning, as a text.",
        extra_json_schema={"type": ["object", "array", "string", "number", "boolean", "null"]},
    ),
]
DEEPEST_PAYLOAD = 64  # brackets; readers of JSON give up at some depth


class OutcomeTotals(Struct, rename={"since": "from", "until": "to"}):
    """What became of every report received between `from` and `to`, each counted once.

    `received` is the sum of all the others, to the unit.
    """

    since: Annotated[Moment, Meta(description="The first received time counted.")]
    until: Annotated[Moment, Meta(description="The received time before which reports were counted.")]
    received: Count
    accepted: Annotated[int, Meta(ge=0, description="Kept in the history.")]
    duplicate: Annotated[int, Meta(ge=0, description="Stored before: same device, same recorded time.")]
    filtered: Annotated[Reasons, Meta(description="Understood but not plausible or not wanted, by reason.")]
    quarantined: Annotated[Reasons, Meta(description="Could not be taken, by reason.")]


class ReportedDevice(Struct):
    """The device a report came from; `id` is null where it never registered."""

    id: DeviceId | None
    external_id: ExternalId


class SetAsideDocument(Struct):
    """A report that was not kept, with its reason and what was sent."""

    id: Annotated[str, Meta(examples=["rep_2b1c7d90a4f35e68c0d1b2a3948576fe0d1b2a3948576fe2"])]
    outcome: Literal["quarantined", "filtered"]
    reason: Annotated[str, Meta(description="Stable code of the reason.", examples=["bad_latitude"])]
    detail: Annotated[
        str,
        Meta(
            description="The same in a sentence.", examples=["latitude must lie within -90 and 90, not 123.4"]
        ),
    ]
    device: ReportedDevice
    payload: Payload
    recorded_at: Annotated[Moment | None, Meta(description="null where it could not be read.")]
    received_at: Moment
    request_id: Annotated[str, Meta(examples=["req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]


class SetAsidePage(Struct):
    """Some set-aside reports, newest first."""

    data: list[SetAsideDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


def outcome_totals(found: Outcomes) -> OutcomeTotals:
    """Counted outcomes as the API shows them."""
    return OutcomeTotals(
        since=moment_text(found.since),
        until=moment_text(found.until),
        received=found.received,
        accepted=found.total(Outcome.ACCEPTED),
        duplicate=found.total(Outcome.DUPLICATE),
        filtered=found.counts.get(Outcome.FILTERED, {}),
        quarantined=found.counts.get(Outcome.QUARANTINED, {}),
    )


def set_aside_document(report: SetAsideReport) -> SetAsideDocument:
    """A set-aside report, its device loaded, as the API shows it."""
    device = report.device
    return SetAsideDocument(
        id=f"rep_{seal('rep', report.pk.to_bytes(8, 'big')).hex()}",
        outcome="filtered" if report.outcome == Outcome.FILTERED else "quarantined",
        reason=report.reason,
        detail=report.detail,
        device=ReportedDevice(device.public_id if device else None, report.external_id),
        payload=_payload(report.payload),
        recorded_at=moment_text(report.recorded_at) if report.recorded_at else None,
        received_at=moment_text(report.received_at),
        request_id=public_id("req", report.request_id),
    )


def _payload(text: str) -> Raw:
    """The JSON as it came; a text where it is none any more, or nests deeper than its readers would follow."""
    if text.count("[") + text.count("{") <= DEEPEST_PAYLOAD:
        try:
            return msgspec.json.decode(text.encode(), type=Raw).copy()
        except (msgspec.DecodeError, UnicodeError):
            pass
    return Raw(msgspec.json.encode(text))
