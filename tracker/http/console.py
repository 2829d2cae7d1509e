"""How a console page learns who asks and for which environment; the scope of its queries begins here."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from tracker.acting.models import ActingSession
from tracker.acting.selectors import SESSION_KEY as ACTING_KEY
from tracker.acting.selectors import acting_of
from tracker.audit import net
from tracker.tenants import scope, second_factor, selectors
from tracker.tenants.models import Environment, Membership, Role, User

P = ParamSpec("P")
SESSION_KEY = "environment"


class ConsoleRequest(HttpRequest):
    """A request whose member and environment are known."""

    user: User
    membership: Membership
    environment: Environment


def environment_required(
    role: Role = Role.VIEWER,
) -> Callable[[Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only members in who may do what `role` may; sets `request.membership` and `request.environment`.

    What the view changes and does not note in the audit log itself is noted behind it.

    The rest of the request runs in the scope of that tenant, environment and user, so a query that forgets
    whose data it wants finds nothing where row-level security stands, and fails everywhere else.
    """

    def decorate(
        view: Callable[Concatenate[ConsoleRequest, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        @login_required
        def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            acting = _acting(request)
            turned_away = _admit(request, acting, role)
            if turned_away is not None:
                return turned_away
            _refuse_changes(request, acting)
            response = view(request, *args, **kwargs)
            net.note_page(request, response)
            return response

        guarded.audited = True  # type: ignore[attr-defined]  # a test looks for pages the net misses
        return guarded

    return decorate


def _admit(request: Any, acting: ActingSession | None, role: Role) -> HttpResponseBase | None:
    """Put the request in its environment's scope; answers where to go instead for who has no place there yet."""
    scope.enter(user_id=request.user.pk)
    place = selectors.place_of(request.user, wanted=request.session.get(SESSION_KEY))
    if acting is not None and (place is None or place.environment.tenant_id != acting.tenant_id):
        place = selectors.place_in(request.user, acting.tenant_id)
    if place is None:
        return redirect("admin:index" if acting else "console_new_tenant")
    request.membership, request.environment = place.membership, place.environment
    tenant = place.environment.tenant
    if not place.membership.may(role):
        raise PermissionDenied(f"This needs the role {role.label.lower()} or above.")
    if second_factor.is_missing(request.user, tenant):
        messages.warning(request, f"{tenant} asks its members for a second factor.")
        return redirect("mfa_index")
    scope.enter(tenant_id=tenant.pk, environment_id=place.environment.pk, user_id=request.user.pk)
    return None


def person_of(request: HttpRequest) -> Any:
    """Who a page is for: the person who signed in, or the member as whom one of the staff acts."""
    acting = acting_of(request.session, request.user, now=timezone.now())
    return acting.member if acting else request.user


def _acting(request: Any) -> ActingSession | None:
    """Put the member in the place of the member of staff who acts as them; who it really is stays beside it."""
    acting = acting_of(request.session, request.user, now=timezone.now())
    if acting is not None:
        request.acting, request.acting_staff, request.user = acting, request.user, acting.member
    elif ACTING_KEY in request.session:
        request.session.pop(ACTING_KEY)  # its hour is over
    return acting


def _refuse_changes(request: HttpRequest, acting: ActingSession | None) -> None:
    """Who acts as somebody looks, unless they said why something must be changed."""
    if (
        acting is not None
        and acting.writes_since is None
        and request.method not in {"GET", "HEAD", "OPTIONS"}
    ):
        raise PermissionDenied(
            "You act as a member and may only look. Allow changes in the bar at the top, with a reason, first."
        )


def lead_to(request: HttpRequest, environment: Environment) -> HttpResponseBase:
    """To the same page in another environment of the organisation: links in mails name none."""
    request.session[SESSION_KEY] = environment.public_id
    return redirect(request.get_full_path())


def current_environment(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page: the environment it shows and those it may be switched to."""
    environment = getattr(request, "environment", None)
    acting = getattr(request, "acting", None)
    if acting is None and hasattr(request, "session") and ACTING_KEY in request.session:
        acting = acting_of(request.session, getattr(request, "user", None), now=timezone.now())
    if environment is None:
        return {"acting": acting} if acting else {}
    return {
        "acting": acting,
        "environment": environment,
        "membership": getattr(request, "membership", None),
        "places": selectors.reach_of(request.user) if isinstance(request.user, User) else [],
    }
