"""The page on which an admin limits a member to geofences."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.limit_forms import LimitForm
from tracker.live.limits import LIMITABLE, lift_limit, limit_member, listed_of
from tracker.live.sight import is_limited
from tracker.tenants.errors import TenantError
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Membership, Role
from tracker.tenants.selectors import members_of


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def member_geofences(request: ConsoleRequest, member_id: str) -> HttpResponse:
    """Which devices a supervisor or viewer sees: all, or those inside some geofences of this environment."""
    member = _member(request, member_id)
    listed = list(listed_of(member, request.environment))
    if request.method == "GET":
        lines = [getattr(one, "shown", None) or str(one) for one in listed]
        initial = {"sees": "listed" if is_limited(member) else "all", "geofences": "\n".join(lines)}
        form = LimitForm(initial=initial, environment=request.environment, keep=listed)
    else:
        form = LimitForm(request.POST, environment=request.environment, keep=listed)
        if form.is_valid() and _set(request, member, form):
            return redirect("console_members")
    facts = {"member": member, "form": form, "switch_to": request.path if request.method == "GET" else ""}
    return render(request, "tracker/live/member_geofences.html", facts)


def _set(request: ConsoleRequest, member: Membership, form: LimitForm) -> bool:
    try:
        if form.cleaned_data["sees"] == "all":
            lift_limit(member, by=request.membership)
            messages.success(request, f"{member.user} sees all devices.")
        else:
            geofences = form.cleaned_data["geofences"]
            limit_member(member, request.environment, geofences, by=request.membership)
            count = f"{len(geofences)} geofence{'' if len(geofences) == 1 else 's'}"
            messages.success(request, f"{member.user} sees devices inside {count} of {request.environment}.")
    except TenantError as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _member(request: ConsoleRequest, member_id: str) -> Membership:
    try:
        uid = parse_id("mbr", member_id)
    except BadIdentifier:
        raise Http404("no such member") from None
    member = members_of(request.environment.tenant_id).filter(uid=uid).first()
    if member is None or Role(member.role) not in LIMITABLE:
        raise Http404("no such member")
    return member
