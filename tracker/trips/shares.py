"""Writes on links to trips: make, revoke, count a view. A link's token is told once and stored as a hash."""

import hashlib
import secrets
import string
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from tracker.tenants.models import User
from tracker.trips.models import Trip, TripShare
from tracker.trips.transitions import ENDED

ALPHABET = string.ascii_letters + string.digits
TOKEN_CHARACTERS = 22  # 62 ^ 22 is above 2 ^ 130
SHORTEST, LONGEST, USUAL = timedelta(minutes=1), timedelta(days=30), timedelta(hours=24)
MOST_OPEN = 50
REVEAL_M = (10.0, 100_000.0)


class CannotShare(Exception):
    """No link can be made; the text says why."""


def create_share(
    trip: Trip, *, lasts: timedelta, reveal_within_m: float | None, by: User | None, now: datetime
) -> tuple[TripShare, str]:
    """A new link and its token, which nobody can look up later. Raises CannotShare."""
    with transaction.atomic():
        held = Trip.objects.for_environment(trip.environment_id).select_for_update().get(pk=trip.pk)
        if held.state in ENDED:
            raise CannotShare(f"The trip is {held.state}: there is nothing to follow any more.")
        if reveal_within_m is not None and held.destination is None:
            raise CannotShare("reveal_within_m needs a destination to be near to, and this trip has none.")
        rows = TripShare.objects.for_environment(trip.environment_id).filter(trip=trip)
        if rows.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_OPEN:
            raise CannotShare(f"The trip has {MOST_OPEN} open links: revoke one first.")
        token = "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_CHARACTERS))
        share = TripShare.objects.create(
            environment_id=trip.environment_id,
            trip=trip,
            token_sha256=digest(token),
            reveal_within_m=reveal_within_m,
            created_at=now,
            created_by=by,
            expires_at=now + lasts,
        )
    return share, token


def revoke_share(share: TripShare, *, now: datetime) -> bool:
    """End a link; whether this call did. What was served of it may be seen for two seconds more."""
    rows = TripShare.objects.for_environment(share.environment_id).filter(pk=share.pk, revoked_at=None)
    changed = rows.update(revoked_at=now) == 1
    share.refresh_from_db(from_queryset=TripShare.objects.for_environment(share.environment_id))
    return changed


def count_view(share_id: int, *, now: datetime) -> None:
    """The page was opened once more."""
    rows = TripShare.objects.unscoped("a stranger names no environment; the link was found by its token")
    rows.filter(pk=share_id).update(views=F("views") + 1, last_viewed_at=now)


def digest(token: str) -> bytes:
    """What is stored of a token. One round: it is 130 random bits, which nobody guesses from a hash."""
    return hashlib.sha256(token.encode()).digest()


def address_of(token: str, *, embedded: bool = False) -> str:
    """The whole address of a link."""
    return settings.BASE_URL + reverse("trip_embed" if embedded else "trip_share", args=[token])
