"""Reads about keys."""

import hmac

from django.conf import settings
from django.db.models import F, QuerySet

from ingest_lambda.keys import BadKey, Kind, fingerprint, verify
from tracker.keys.models import Key
from tracker.keys.services import publishable_text
from tracker.tenants import scope
from tracker.tenants.models import Environment


def keys_of(environment: Environment) -> QuerySet[Key]:
    """The environment's keys, those in force first, newest first."""
    rows = Key.objects.for_environment(environment).select_related("created_by")
    return rows.order_by(F("revoked_at").desc(nulls_first=True), "-pk")


def key_in_force(text: str) -> Key | None:
    """The secret key with this text, its environment and tenant loaded; None where it is wrong, revoked or publishable.

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
        .filter(pk=claimed.key_id, revoked_at=None)
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
        .order_by("pk")
    ):
        if text := publishable_text(key, environment):
            return text
    return None
