"""Writes on tenants: sign-up, environments, members, invitations."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from tracker.audit.services import Actor, note
from tracker.keys.models import Key
from tracker.keys.reveal import NewSecret
from tracker.keys.services import create_key
from tracker.limits import feed
from tracker.limits.source import granted
from tracker.tenants import scope
from tracker.tenants.errors import AlreadyAMember, InvitationExpired, LastOwner, NameTaken, NotAllowed
from tracker.tenants.models import Environment, Invitation, Membership, Role, Tenant, User

INVITATION_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class NewEnvironment:
    """An environment just made, with the texts of its first keys: the only time the secret one is seen."""

    environment: Environment
    publishable_key: str
    secret_key: str

    @property
    def secret(self) -> NewSecret:
        """The secret key as a page shows it."""
        return NewSecret(self.environment.name, self.secret_key)


@dataclass(frozen=True)
class NewTenant:
    """A tenant just made."""

    tenant: Tenant
    owner: Membership
    test: NewEnvironment
    live: NewEnvironment


def create_tenant(name: str, *, owner: User) -> NewTenant:
    """A customer with its owner, a test and a live environment, and a pair of keys for each."""
    with transaction.atomic():
        tenant = Tenant.objects.create(name=name, **granted(None).tenant)
        with scope.scope(tenant_id=tenant.pk, user_id=owner.pk):
            membership = Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
            test = create_environment(tenant, "Test", Environment.Kind.TEST, by=owner)
            live = create_environment(tenant, "Live", Environment.Kind.LIVE, by=owner)
            who = Actor(str(owner), owner)
            note(who, "tenant.create", tenant.public_id, None, {"name": name}, tenant=tenant)
        feed.changed()
    return NewTenant(tenant, membership, test, live)


def create_environment(tenant: Tenant, name: str, kind: str, *, by: User) -> NewEnvironment:
    """A box of data with one publishable and one secret key."""
    limits = granted(tenant.pk).environment
    values: dict[str, Any] = {"tenant": tenant, "name": name, "kind": kind, **limits}
    environment = Environment.objects.create(**values)
    _, publishable = create_key(environment, Key.Kind.PUBLISHABLE, by=by, name="Default")
    _, secret = create_key(environment, Key.Kind.SECRET, by=by, name="Default")
    return NewEnvironment(environment, publishable, secret)


def add_test_environment(tenant: Tenant, name: str, *, by: User) -> NewEnvironment:
    """One more box for trying things out, with its own keys. Raises NameTaken."""
    with scope.scope(tenant_id=tenant.pk, user_id=by.pk):
        try:
            with transaction.atomic():
                feed.changed()
                return create_environment(tenant, name, Environment.Kind.TEST, by=by)
        except IntegrityError:
            raise NameTaken(name) from None


def rename_tenant(tenant: Tenant, name: str) -> None:
    """Give a customer another name."""
    Tenant.objects.filter(pk=tenant.pk).update(name=name)


def require_second_factor(tenant: Tenant, required: bool) -> None:
    """Say whether members need a second factor; it holds from their next request on."""
    Tenant.objects.filter(pk=tenant.pk).update(second_factor_required=required)


def change_environment(
    environment: Environment,
    *,
    name: str,
    retention_days: int,
    accuracy_bound_m: float,
    speed_bound_mps: float,
) -> None:
    """Set an environment's name, bounds and retention (1 to 90 days). Raises NameTaken."""
    rows = Environment.objects.for_tenant(environment.tenant_id).filter(pk=environment.pk)
    try:
        with transaction.atomic():
            rows.update(
                name=name,
                retention_days=retention_days,
                accuracy_bound_m=accuracy_bound_m,
                speed_bound_mps=speed_bound_mps,
            )
            feed.changed()
    except IntegrityError:
        raise NameTaken(name) from None


def invite(tenant: Tenant, email: str, role: Role, *, by: Membership, now: datetime) -> Invitation:
    """Offer a place; the address gets a mail with a link that works once, for a week.

    An open invitation to the same address is replaced, its old link dies. Raises AlreadyAMember and
    NotAllowed (nobody gives a role above their own).
    """
    _refuse_above(by, role)
    if Membership.objects.for_tenant(tenant).filter(user__email__iexact=email).exists():
        raise AlreadyAMember(email)
    token = secrets.token_urlsafe(32)
    Invitation.objects.for_tenant(tenant).filter(email__iexact=email, accepted_at=None).delete()
    invitation = Invitation.objects.create(
        tenant=tenant,
        email=email.lower(),
        role=role,
        token_sha256=_hash(token),
        invited_by=by.user,
        expires_at=now + INVITATION_LIFE,
    )
    facts = {
        "tenant": tenant,
        "inviter": by.user,
        "role": role.label,
        "link": f"{settings.BASE_URL}/console/join/{invitation.public_id}/{token}/",
        "days": INVITATION_LIFE.days,
    }
    sentence = f"{by.user.get_full_name()} invites you to {tenant.name} on Milepost"
    subject = " ".join(sentence.split())  # a line break in a name must not end the header
    body = render_to_string("tracker/tenants/invitation_mail.txt", facts)
    transaction.on_commit(lambda: send_mail(subject, body, None, [email]))
    return invitation


def accept_invitation(invitation: Invitation, token: str, *, user: User, now: datetime) -> Membership:
    """Take the place offered; a used, old or wrong link, or another's address, raises InvitationExpired."""
    opened = Invitation.objects.for_tenant(invitation.tenant_id).select_for_update().get(pk=invitation.pk)
    genuine = secrets.compare_digest(bytes(opened.token_sha256), _hash(token))
    theirs = opened.email == user.email.lower()
    if opened.accepted_at or opened.expires_at <= now or not genuine or not theirs:
        raise InvitationExpired
    Invitation.objects.for_tenant(opened.tenant_id).filter(pk=opened.pk).update(accepted_at=now)
    try:
        with transaction.atomic():
            return Membership.objects.create(tenant_id=opened.tenant_id, user=user, role=opened.role)
    except IntegrityError:
        raise AlreadyAMember(user.email) from None


def cancel_invitation(invitation: Invitation) -> None:
    """Take an open offer back; its link dies."""
    Invitation.objects.for_tenant(invitation.tenant_id).filter(pk=invitation.pk, accepted_at=None).delete()


def change_role(membership: Membership, role: Role, *, by: Membership) -> None:
    """Give a member another role. Raises NotAllowed and LastOwner."""
    _refuse_above(by, Role(membership.role))
    _refuse_above(by, role)
    if role != Role.OWNER:
        _keep_an_owner(membership)
    Membership.objects.for_tenant(membership.tenant_id).filter(pk=membership.pk).update(role=role)


def remove_member(membership: Membership, *, by: Membership) -> None:
    """End a membership; one may always end one's own. Raises NotAllowed and LastOwner."""
    if membership.pk != by.pk:
        _refuse_above(by, Role(membership.role))
    _keep_an_owner(membership)
    Membership.objects.for_tenant(membership.tenant_id).filter(pk=membership.pk).delete()


def _refuse_above(by: Membership, role: Role) -> None:
    if not by.may(Role.ADMIN) or role.rank > Role(by.role).rank:
        raise NotAllowed(
            f"With the role {Role(by.role).label.lower()} you cannot give or take the role {role.label.lower()}."
        )


def _keep_an_owner(leaving: Membership) -> None:
    """The owners' rows are locked first: two owners who leave at once must not both go."""
    owners = Membership.objects.for_tenant(leaving.tenant_id).filter(role=Role.OWNER).select_for_update()
    if leaving.role == Role.OWNER and len([o for o in owners if o.pk != leaving.pk]) == 0:
        raise LastOwner


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
