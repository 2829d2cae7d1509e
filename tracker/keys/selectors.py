"""Reads about keys."""

import hmac
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ingest_lambda.keys import BadKey, Kind, fingerprint, verify
from tracker.keys.models import Key
from tracker.keys.services import publishable_text
from tracker.tenants import scope
from tracker.tenants.models import Environment


def keys_of(environment: Environment) -> QuerySet[Key]:
    """The environment's keys, those in force first, newest first."""
    rows = Key.objects.for_environment(environment).select_related("created_by", "rolled_from")
    return rows.order_by(F("revoked_at").desc(nulls_first=True), "-pk")


def key_in_force(text: str, *, now: datetime | None = None) -> Key | None:
    """The secret key with this text; None where it is wrong, revoked, expired or publishable. See `secret_key`."""
    key = secret_key(text)
    return key if key is not None and key.in_force(now or timezone.now()) else None


def secret_key(text: str) -> Key | None:
    """The secret key with this text, ended or not, its environment and tenant loaded; None where there is none.

    Must run inside a transaction: it enters the scope of the environment that the key's own signature names,
    and leaves the rest of the transaction in it.
    """
    try:
        claimed = verify(text, settings.KEY_SIGNING_SECRETS)
    except BadKey:
        return None
    if claimed.kind is not Kind.SECRET:
        return None
    scope.enter(environment_id=claimed.environment_id)
    key = (
        Key.objects.for_environment(claimed.environment_id)
        .select_related("environment__tenant")
        .filter(pk=claimed.key_id)
        .first()
    )
    if key is None or not hmac.compare_digest(bytes(key.sha256), fingerprint(text)):
        return None
    return key


def a_publishable_text(environment: Environment) -> str | None:
    """The text of the oldest publishable key in force, for pages that show how to connect."""
    for key in (
        Key.objects.for_environment(environment)
        .filter(kind=Key.Kind.PUBLISHABLE, revoked_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
        .order_by("pk")
    ):
        if text := publishable_text(key, environment):
            return text
    return None
