"""Writes on the audit log: `note`, in the transaction of the change it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from tracker.audit.cleaning import clean, text
from tracker.audit.models import AuditEntry
from tracker.http.correlation import current_request_id
from tracker.keys.models import Key
from tracker.tenants.models import Environment, Tenant, User


@dataclass(frozen=True)
class Actor:
    """Who did it, in words that stay true when the row is gone; `user` where it was a person."""

    text: str
    user: User | None = None
    address: str | None = None


def note(
    source: HttpRequest | Request | Actor,
    action: str,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    tenant: Tenant | int | None = None,
    environment: Environment | None = None,
) -> AuditEntry:
    """Keep that this was done, as part of the running transaction: a change that fails leaves no entry.

    `action` is like `key.revoke`, `target` a public id or name. Of a request the actor, environment and address are
    known; an `Actor` needs the tenant. Values named like secrets are hidden before they reach the database. The
    running scope must be that of the tenant or the environment.
    """
    actor = source if isinstance(source, Actor) else actor_of(source)
    if not isinstance(source, Actor):
        plain = plain_request(source)
        plain.audit_noted = True  # type: ignore[attr-defined]  # read by `tracker.audit.net`
        if environment is None and tenant is None:
            environment = getattr(source, "environment", None) or getattr(plain, "environment", None)
    tenant_id = _tenant_id(tenant, environment)
    return AuditEntry.objects.create(
        tenant_id=tenant_id,
        environment=environment,
        user=actor.user,
        actor=text(actor.text, 300),
        action=text(action, 100),
        target=text(target, 300),
        before=clean(before),
        after=clean(after),
        request_id=current_request_id(),
        address=actor.address,
    )


def actor_of(source: HttpRequest | Request) -> Actor:
    """The key of an API request, the member of a page, or the member of staff who acts as one."""
    plain = plain_request(source)
    address = _address(plain)
    key = getattr(source, "auth", None)
    if isinstance(key, Key):
        return Actor(f"key {key.hint}" + (f" ({key.name})" if key.name else ""), None, address)
    asked_by = getattr(plain, "user", None)
    user = asked_by if isinstance(asked_by, User) else None
    staff = getattr(plain, "acting_staff", None)  # set by whoever lets staff act as a member
    if isinstance(staff, User):
        return Actor(f"staff {staff.email} acting as {user}", staff, address)
    return Actor(str(user) if user else "system", user, address)


def plain_request(source: HttpRequest | Request) -> HttpRequest:
    """Django's request behind the framework's."""
    inner: HttpRequest = getattr(source, "_request", source)
    return inner


def _tenant_id(tenant: Tenant | int | None, environment: Environment | None) -> int:
    if isinstance(tenant, Tenant):
        return tenant.pk
    if tenant is not None:
        return tenant
    if environment is None:
        raise ValueError("say whose log this belongs into: give the tenant or the environment")
    return environment.tenant_id


def _address(request: HttpRequest) -> str | None:
    """The front door puts the one address it saw into this header; a socket has none of its own."""
    offered = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] or request.META.get(
        "REMOTE_ADDR"
    )
    try:
        return str(ip_address(str(offered).strip()))
    except ValueError:
        return None
