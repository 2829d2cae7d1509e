"""How the events of a shipment are chained: each one's hash covers the whole event and the hash before it. Pure.

The document below is what is hashed, and what an evidence pack holds for each event.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from dispatch.shipments.canonical import digest

BEGINNING = bytes(32)  # before the first event


class Link(Struct, frozen=True, kw_only=True):
    """One event as it is stored; `data` as it was written, before any upcasting."""

    environment: str
    shipment: str
    uid: UUID
    sequence: int
    kind: str
    version: int
    data: dict[str, Any]
    author: dict[str, str]
    occurred_at: datetime
    recorded_at: datetime
    request_id: UUID | None
    previous: bytes


def document(link: Link) -> dict[str, Any]:
    """What is hashed."""
    return {
        "environment": link.environment,
        "shipment": link.shipment,
        "id": f"sev_{link.uid.hex}",
        "sequence": link.sequence,
        "kind": link.kind,
        "version": link.version,
        "data": link.data,
        "author": link.author,
        "occurred_at": text_of(link.occurred_at),
        "recorded_at": text_of(link.recorded_at),
        "request_id": f"req_{link.request_id.hex}" if link.request_id else None,
        "previous": link.previous.hex(),
    }


def hash_of(link: Link) -> bytes:
    """SHA-256 of the document's canonical form."""
    return digest(document(link))


def text_of(moment: datetime) -> str:
    """`2026-05-01T08:30:00.000000Z`; the moment is in UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
