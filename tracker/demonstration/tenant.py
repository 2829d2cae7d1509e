"""The demo tenant: made once, and its sign-in and keys brought into line with what was written down."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import connection, transaction

from ingest_lambda.keys import fingerprint
from tracker.keys.models import Key
from tracker.keys.selectors import a_publishable_text
from tracker.keys.services import create_key, revoke_key
from tracker.tenants import scope
from tracker.tenants.models import Environment, Membership, Role, Tenant, User
from tracker.tenants.selectors import environments_of, memberships_of
from tracker.tenants.services import create_tenant

EMAIL = "demo@milepost.invalid"
TENANT = "Demo logistics"
KEY_NAME = "Demo"
LOCK = 0x6D70_6465_6D6F  # "mpdemo": two first runs at once make one tenant


@dataclass(frozen=True)
class Demo:
    """What a newcomer needs; keys and `environment_id` are the test box's, the made-up fleet drives in the live one."""

    email: str
    password: str
    tenant_id: str
    environment_id: str
    publishable_key: str
    secret_key: str
    live_environment_id: str


def ensure_demo(known: Mapping[str, str], *, now: datetime) -> Demo:
    """The demo tenant as it stands, made where it is not there yet.

    `known` is what an earlier call returned, as far as it was kept. A password or a secret key in it that is
    still good stays; one that is lost is replaced, and the lost key revoked.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        user, password = _owner(known.get("password", ""))
        tenant = _tenant(user)
        with scope.scope(tenant_id=tenant.pk, user_id=user.pk):
            boxes = {box.kind: box for box in reversed(environments_of(tenant.pk))}
            test, live = boxes[Environment.Kind.TEST], boxes[Environment.Kind.LIVE]
            return Demo(
                email=EMAIL,
                password=password,
                tenant_id=tenant.public_id,
                environment_id=test.public_id,
                publishable_key=_publishable(test, user),
                secret_key=_secret(test, user, known.get("secret_key", ""), now=now),
                live_environment_id=live.public_id,
            )


def _owner(password: str) -> tuple[User, str]:
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        password = secrets.token_urlsafe(12)
        user = User.objects.create_user(EMAIL, password, name="Demo owner")
    elif not password or not user.check_password(password):
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(
        user=user, email=EMAIL, defaults={"verified": True, "primary": True}
    )
    return user, password


def _tenant(user: User) -> Tenant:
    with scope.scope(user_id=user.pk):
        owned: Membership | None = memberships_of(user).filter(role=Role.OWNER).first()
    return owned.tenant if owned else create_tenant(TENANT, owner=user).tenant


def _publishable(environment: Environment, user: User) -> str:
    text = a_publishable_text(environment)
    return text or create_key(environment, Key.Kind.PUBLISHABLE, by=user, name=KEY_NAME)[1]


def _secret(environment: Environment, user: User, known: str, *, now: datetime) -> str:
    """The known key where it is in force, else a new one; those of this name whose text nobody has are ended."""
    ours = list(
        Key.objects.for_environment(environment).filter(kind=Key.Kind.SECRET, name=KEY_NAME, revoked_at=None)
    )
    seen = fingerprint(known)
    if any(hmac.compare_digest(bytes(key.sha256), seen) for key in ours):
        return known
    for key in ours:
        revoke_key(key, now=now)
    return create_key(environment, Key.Kind.SECRET, by=user, name=KEY_NAME)[1]
