"""Begins and ends acting as a member, and lets it write; each is in the customer's audit log too."""

from datetime import datetime, timedelta

from tracker.acting.models import ActingSession
from tracker.audit.services import Actor, note
from tracker.tenants import scope
from tracker.tenants.models import Membership, User

LASTS = timedelta(hours=1)
WHY = "staff act as a member of an organisation that is not theirs"


class NoReason(Exception):
    """Nobody acts as somebody else without saying why. The message is for people."""


def begin(staff: User, membership: Membership, *, reason: str, now: datetime) -> ActingSession:
    """Look at the console as that member does, for an hour. Raises NoReason."""
    said = _reason(reason)
    tenant, member = membership.tenant, membership.user
    with scope.scope(unscoped=WHY, tenant_id=tenant.pk):
        _end_all(staff, now)
        acting = ActingSession.objects.create(
            tenant=tenant, staff=staff, member=member, reason=said, began_at=now, ends_at=now + LASTS
        )
        _note(acting, "acting.begin", {"reason": said, "until": acting.ends_at.isoformat()})
        return acting


def let_write(acting: ActingSession, *, reason: str, now: datetime) -> None:
    """From now on this session may change things, for this reason. Raises NoReason."""
    said = _reason(reason)
    with scope.scope(unscoped=WHY, tenant_id=acting.tenant_id):
        rows = ActingSession.objects.for_tenant(acting.tenant_id).filter(pk=acting.pk, ended_at=None)
        if rows.update(writes_reason=said, writes_since=now):
            _note(acting, "acting.writes", {"reason": said})


def end(acting: ActingSession, *, now: datetime) -> None:
    """Be oneself again."""
    with scope.scope(unscoped=WHY, tenant_id=acting.tenant_id):
        rows = ActingSession.objects.for_tenant(acting.tenant_id).filter(pk=acting.pk, ended_at=None)
        if rows.update(ended_at=now):
            _note(acting, "acting.end", {})


def _end_all(staff: User, now: datetime) -> None:
    """One at a time: whoever begins another ends the one before."""
    ActingSession.objects.unscoped(WHY).filter(staff=staff, ended_at=None).update(ended_at=now)


def _note(acting: ActingSession, action: str, after: dict[str, str]) -> None:
    actor = Actor(f"staff {acting.staff.email} acting as {acting.member}", acting.staff)
    note(actor, action, str(acting.member.email), None, after, tenant=acting.tenant_id)


def _reason(text: str) -> str:
    said = " ".join(text.split())[:300]
    if len(said) < 5:
        raise NoReason("Say why, in a few words: the customer reads it in their audit log.")
    return said
