"""Writes on keys: mint and revoke."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection
from django.db.models import Q

from ingest_lambda.keys import Kind, Mode, fingerprint, mint
from tracker.keys.models import Key
from tracker.keys.scopes import FULL
from tracker.limits import feed
from tracker.tenants.models import Environment, User

SHOWN_AT_EACH_END = 4


def create_key(
    environment: Environment,
    kind: str,
    *,
    by: User | None,
    name: str = "",
    scopes: str = FULL,
    expires_at: datetime | None = None,
    rolled_from: Key | None = None,
) -> tuple[Key, str]:
    """A new key of the environment, and its text.

    The text of a secret key exists only in this return value: show it once. A publishable key's can be
    worked out again with `publishable_text`, since it ships inside every app anyway.
    """
    key_id = _next_id()
    secret = settings.KEY_SIGNING_SECRETS[0]
    if kind == Key.Kind.PUBLISHABLE:
        text = _publishable(key_id, environment, secret)
    else:
        text = mint(Kind.SECRET, Mode(environment.kind), key_id, environment.pk, secret)
    key = Key.objects.create(
        id=key_id,
        tenant_id=environment.tenant_id,
        environment=environment,
        kind=kind,
        name=name,
        hint=f"{text[:8]}…{text[-SHOWN_AT_EACH_END:]}",
        sha256=fingerprint(text),
        created_by=by,
        scopes=scopes,
        expires_at=expires_at,
        rolled_from=rolled_from,
    )
    return key, text


def publishable_text(key: Key, environment: Environment) -> str | None:
    """The text of a publishable key, worked out again; None for a secret key or one of a retired signing secret."""
    if key.kind != Key.Kind.PUBLISHABLE:
        return None
    for secret in settings.KEY_SIGNING_SECRETS:
        text = _publishable(key.pk, environment, secret)
        if hmac.compare_digest(fingerprint(text), bytes(key.sha256)):
            return text
    return None


def revoke_key(key: Key, *, now: datetime) -> bool:
    """End a key for good. True where it was still in force; the edge refuses it within seconds."""
    ended = (
        Key.objects.for_environment(key.environment_id)
        .filter(pk=key.pk, revoked_at=None)
        .update(revoked_at=now)
    )
    if ended:
        feed.changed()
    return bool(ended)


def note_use(key: Key, *, now: datetime, every: timedelta) -> bool:
    """Note that a key was used, unless that was done within `every`; True where it was noted.

    A conditional UPDATE, so of many requests at once one writes; the others skip the locked row rather than
    wait for the end of that one's transaction.
    """
    rows = Key.objects.for_environment(key.environment_id)
    due = rows.filter(pk=key.pk).filter(Q(last_used_at=None) | Q(last_used_at__lte=now - every))
    free = due.select_for_update(skip_locked=True).values("pk")
    return bool(rows.filter(pk__in=free).update(last_used_at=now))


def _publishable(key_id: int, environment: Environment, secret: bytes) -> str:
    """The random part is a keyed hash of the key's id, so the same text comes out each time."""

    def derived(size: int) -> bytes:
        return hmac.digest(secret, b"publishable" + key_id.to_bytes(8, "big"), sha256)[:size]

    return mint(Kind.PUBLISHABLE, Mode(environment.kind), key_id, environment.pk, secret, random=derived)


def _next_id() -> int:
    """The id is part of the key's text, so it is drawn before the row is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tracker_key', 'id'))")
        return int(cursor.fetchone()[0])
