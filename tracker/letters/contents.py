"""What is in a dead letter, as its sender would recognise it; and why it lies there, in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingest_lambda.report import BadEnvelope, Envelope, PositionReport, decode, decode_registration
from tracker.ingestion.models import DeadLetter

REGISTRATIONS = "reg:"  # their lanes; they are records of another kind
_EPOCH = datetime.fromtimestamp(0, UTC)
STEPS = {
    "recognise": "finding out which device it is",
    "judge_batch": "judging the positions",
    "store_positions": "writing the positions",
    "move_state": "moving the marker",
    "count_outcomes": "counting the outcome",
}


@dataclass(frozen=True)
class Contents:
    """A letter's record. `document` is JSON in the native form; of bytes nobody can read it is None."""

    device: str = ""
    format: str = ""
    channel: str = ""
    document: Mapping[str, Any] | None = None
    unreadable: str = ""  # why, and the beginning of the bytes
    positions: list[PositionReport] = field(default_factory=list)


def contents_of(letter: DeadLetter) -> Contents:
    """The letter opened. Never raises: what is in it has broken something before."""
    payload = bytes(letter.payload)
    try:
        envelope = decode(payload)
        return Contents(
            envelope.device, envelope.format, envelope.channel, _document(envelope), "", envelope.positions
        )
    except BadEnvelope as error:
        if letter.lane.startswith(REGISTRATIONS):
            return _registration(payload)
        return Contents(unreadable=f"{error}\n{payload[:500]!a}")


def _registration(payload: bytes) -> Contents:
    try:
        said = decode_registration(payload)
    except BadEnvelope as error:
        return Contents(unreadable=f"{error}\n{payload[:500]!a}")
    device = {name: value for name, value in msgspec.structs.asdict(said.info).items() if value}
    return Contents(said.device, document={"device_id": said.device, "registers": device})


def readable_text(found: Contents) -> str:
    """The record as indented JSON, or what can be said of it; control characters stay escapes."""
    if found.document is None:
        return found.unreadable
    text = json.dumps(found.document, indent=2, ensure_ascii=False, default=str)
    return "".join(char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text)


def why(letter: DeadLetter) -> str:
    """A sentence about what went wrong, for the person whose report it is. The error itself is for staff."""
    step, _, kind = letter.reason.partition(": ")
    if kind:
        return f"Our processing broke while {STEPS.get(step, step.replace('_', ' '))} ({kind})."
    if letter.reason == "unreadable":
        return "The record's bytes could not be read."
    return "Our processing broke on this record."


def kind_of(error: str) -> str:
    """The first words of an error, which name its kind: the rest may hold row numbers and is for staff."""
    return error.partition(": ")[0][:60]


def _document(envelope: Envelope) -> dict[str, Any]:
    found: dict[str, Any] = {
        "device_id": envelope.device,
        "positions": [_position(fix) for fix in envelope.positions],
    }
    if envelope.device_info is not None:
        found["device"] = {
            name: value for name, value in msgspec.structs.asdict(envelope.device_info).items() if value
        }
    if envelope.refused:
        found["refused"] = [
            {"reason": one.reason, "detail": one.detail, "sent": one.raw} for one in envelope.refused
        ]
    return found


def _position(fix: PositionReport) -> dict[str, Any]:
    facts = {name: value for name, value in msgspec.structs.asdict(fix).items() if value is not None}
    recorded_at_us = facts.pop("recorded_at_us")
    try:
        shown: Any = (_EPOCH + timedelta(microseconds=recorded_at_us)).isoformat()
    except OverflowError:
        shown = recorded_at_us
    return {"recorded_at": shown, **facts}
