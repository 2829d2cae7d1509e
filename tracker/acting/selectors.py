"""Who a request acts as: read anew at each request, so that an end holds at once."""

from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet

from tracker.acting.models import ActingSession
from tracker.tenants import scope
from tracker.tenants.models import Tenant, User

SESSION_KEY = "acting"
WHY = "a member of staff acts as a member of some organisation"


def acting_of(session: SessionBase, staff: object, *, now: datetime) -> ActingSession | None:
    """The acting session a browser is in; None where there is none, or it ended, or the person is staff no more."""
    number = session.get(SESSION_KEY)
    if not isinstance(number, int) or not isinstance(staff, User) or not staff.is_staff:
        return None
    with scope.scope(unscoped=WHY):
        return _in_force(now).filter(pk=number, staff=staff).first()


def members_of_sessions(wanted: dict[int, int], *, now: datetime) -> dict[int, tuple[User, int]]:
    """Acting sessions by number, each asked for by a member of staff: the member, and the tenant it is bound to.

    For the live sockets, which ask for many at a time; the running scope must see all tenants.
    """
    rows = [row for row in _in_force(now).filter(pk__in=list(wanted)) if wanted[row.pk] == row.staff_id]
    return {row.pk: (row.member, row.tenant_id) for row in rows}


def _in_force(now: datetime) -> QuerySet[ActingSession]:
    rows = ActingSession.objects.unscoped(WHY).filter(ended_at=None, ends_at__gt=now, began_at__lte=now)
    return rows.filter(staff__is_staff=True, staff__is_active=True).select_related(
        "member", "staff", "tenant"
    )


def tenant_name(tenant_id: int) -> str:
    """For the banner."""
    return Tenant.objects.values_list("name", flat=True).get(pk=tenant_id)
