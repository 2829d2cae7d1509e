"""Links to trips as the API shows them, and in which state a link is. No queries."""

from datetime import datetime
from typing import Any, Literal

from tracker.http.times import moment_text
from tracker.trips.models import Trip, TripShare
from tracker.trips.schemas import NewShareDocument, ShareDocument
from tracker.trips.shares import address_of
from tracker.trips.transitions import ENDED

State = Literal["open", "expired", "revoked", "ended"]


def state_of(share: TripShare, trip: Trip, *, now: datetime) -> State:
    """Whether a link works, and if not why."""
    if share.revoked_at is not None:
        return "revoked"
    if share.expires_at <= now:
        return "expired"
    return "ended" if trip.state in ENDED else "open"


def share_document(share: TripShare, trip: Trip, *, now: datetime) -> ShareDocument:
    """A link without its address, which nobody knows any more."""
    return ShareDocument(**_facts(share, trip, now))


def new_share_document(share: TripShare, trip: Trip, token: str, *, now: datetime) -> NewShareDocument:
    """A link just made, with its addresses."""
    return NewShareDocument(
        **_facts(share, trip, now), url=address_of(token), embed_url=address_of(token, embedded=True)
    )


def _facts(share: TripShare, trip: Trip, now: datetime) -> dict[str, Any]:
    return {
        "id": share.public_id,
        "state": state_of(share, trip, now=now),
        "reveal_within_m": share.reveal_within_m,
        "created_at": moment_text(share.created_at),
        "expires_at": moment_text(share.expires_at),
        "revoked_at": moment_text(share.revoked_at) if share.revoked_at else None,
        "views": share.views,
        "last_viewed_at": moment_text(share.last_viewed_at) if share.last_viewed_at else None,
    }
