"""Signing in as a driver: links that work once, and the one phone a driver has. Tokens are stored as hashes."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from dispatch.driving.errors import LinkOver
from dispatch.driving.models import DriverLink, DriverSession
from dispatch.driving.phones import device_of
from dispatch.fleet.models import Driver
from tracker.tenants import scope
from tracker.tenants.models import User

LINK_LASTS = timedelta(hours=24)
TOKEN_BYTES = 24  # 192 random bits: nobody guesses one from its hash
SEEN_EVERY = timedelta(minutes=1)
PHONE_NAME = 200


def create_link(driver: Driver, *, by: User | None, now: datetime) -> tuple[DriverLink, str]:
    """A new link and its address, which nobody can look up later. Links before it end."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        _open_links(driver).update(revoked_at=now)
        link = DriverLink.objects.create(
            environment_id=driver.environment_id,
            driver=driver,
            token_sha256=digest(token),
            created_by=by,
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
    return link, settings.BASE_URL + reverse("driver_sign_in", args=[token])


def link_behind(token: str, *, now: datetime) -> DriverLink | None:
    """The link with that token while it works. Enters the scope of its environment."""
    with scope.scope(unscoped="who comes with a link names no environment; it is found by its token"):
        rows = DriverLink.objects.unscoped("the same").select_related("driver", "environment")
        link = rows.filter(token_sha256=digest(token)).first()
    if link is None or link.used_at or link.revoked_at or link.expires_at <= now or link.driver.retired_at:
        return None
    scope.enter(environment_id=link.environment_id)
    return link


def sign_in(token: str, *, phone: str, now: datetime) -> tuple[DriverSession, str]:
    """Use a link: this phone is the driver's from now on, and no other is. Raises LinkOver.

    Two phones with one link: the conditional UPDATE lets one of them win.
    """
    with transaction.atomic():
        link = link_behind(token, now=now)
        if link is None:
            raise LinkOver("This link does not work any more. Ask for a new one.")
        rows = DriverLink.objects.for_environment(link.environment_id)
        if not rows.filter(pk=link.pk, used_at=None, revoked_at=None).update(used_at=now):
            raise LinkOver("This link was just used on another phone. Ask for a new one.")
        # the driver's row is held: two links used at the same time end with one phone
        drivers = Driver.objects.for_environment(link.environment_id).select_for_update(no_key=True)
        driver = drivers.get(pk=link.driver_id)
        end_sessions(driver, reason="signed in on another phone", now=now)
        secret = secrets.token_urlsafe(TOKEN_BYTES)
        session = DriverSession.objects.create(
            environment_id=link.environment_id,
            driver=driver,
            device=device_of(driver, now=now),
            token_sha256=digest(secret),
            phone=phone[:PHONE_NAME],
            created_at=now,
            seen_at=now,
        )
    return session, secret


def session_behind(secret: str, *, now: datetime) -> DriverSession | None:
    """The session of a phone; None where it is not signed in, or was signed out. Enters its environment's scope."""
    with scope.scope(unscoped="a phone names no environment; its session is found by its token"):
        rows = DriverSession.objects.unscoped("the same")
        session = (
            rows.select_related("driver__hub", "environment", "device")
            .filter(token_sha256=digest(secret), revoked_at=None, driver__retired_at=None)
            .first()
        )
    if session is None:
        return None
    scope.enter(environment_id=session.environment_id)
    if session.seen_at is None or now - session.seen_at > SEEN_EVERY:
        mine = DriverSession.objects.for_environment(session.environment_id).filter(pk=session.pk)
        mine.update(seen_at=now)
    return session


def end_sessions(driver: Driver, *, reason: str, now: datetime) -> int:
    """Sign the driver's phone out; how many there were."""
    rows = DriverSession.objects.for_environment(driver.environment_id)
    return rows.filter(driver=driver, revoked_at=None).update(revoked_at=now, revoked_reason=reason)


def end_links(driver: Driver, *, now: datetime) -> int:
    """No link that is out works any more; how many did."""
    return _open_links(driver).update(revoked_at=now)


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def _open_links(driver: Driver) -> QuerySet[DriverLink]:
    rows = DriverLink.objects.for_environment(driver.environment_id)
    return rows.filter(driver=driver, used_at=None, revoked_at=None)
