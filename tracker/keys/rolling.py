"""How keys end and are followed: a roll makes the next one while the old one goes on for a while; expiry ends it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from tracker.keys.models import Key
from tracker.keys.services import create_key, revoke_key
from tracker.limits import feed
from tracker.tenants import scope
from tracker.tenants.models import User

WHY = "the tick ends what is over of every customer"


class NotInForce(Exception):
    """The key was revoked or has expired: there is nothing to roll."""

    def __init__(self) -> None:
        super().__init__("This key is not in force any more: make a new one instead.")


def roll_key(key: Key, *, by: User | None, overlap: timedelta, now: datetime) -> tuple[Key, str]:
    """A new key that may do what the old one may, and its text; the old one ends after the overlap, or at once.

    An earlier end of the old key stays. Of two who roll at once the second waits and finds an end that is set; both
    get a key. Raises NotInForce.
    """
    with transaction.atomic():
        old = _rows(key).select_for_update().get()
        if not old.in_force(now):
            raise NotInForce
        new, text = create_key(
            old.environment, old.kind, by=by, name=old.name, scopes=old.scopes, rolled_from=old
        )
        if overlap <= timedelta():
            revoke_key(old, now=now)
        else:
            set_expiry(old, min(filter(None, (old.expires_at, now + overlap))))
    return new, text


def set_expiry(key: Key, at: datetime | None) -> bool:
    """Say when a key ends, or that it does not; True where it was still in force."""
    return bool(_rows(key).filter(revoked_at=None).update(expires_at=at))


def end_expired(*, now: datetime) -> int:
    """Revoke, as of their own time, the keys whose time is over, so that the doors hear of it; returns how many."""
    with scope.scope(unscoped=WHY):
        over = Key.objects.unscoped(WHY).filter(revoked_at=None, expires_at__lte=now)
        ended = over.update(revoked_at=F("expires_at"))
        if ended:
            feed.changed()
    return ended


def _rows(key: Key) -> QuerySet[Key]:
    return Key.objects.for_environment(key.environment_id).filter(pk=key.pk)
