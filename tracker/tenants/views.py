"""The people of an organisation: members, invitations, joining."""

from allauth.core import ratelimit
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.audit.services import note
from tracker.http.console import SESSION_KEY, ConsoleRequest, environment_required
from tracker.tenants import scope, selectors, services
from tracker.tenants.accounts import JOINING
from tracker.tenants.errors import TenantError
from tracker.tenants.forms import InviteForm, RoleForm, roles_below
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Invitation, Membership, Role, User


@require_safe
@environment_required()
def members(request: ConsoleRequest) -> HttpResponse:
    """Who is in, as what; for admins the open invitations and the form for the next."""
    return _members(request, InviteForm(by=request.membership))


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def invite(request: ConsoleRequest) -> HttpResponse:
    """Send an invitation."""
    if request.method == "GET":
        return redirect("console_members")
    form = InviteForm(request.POST, by=request.membership)
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        tenant = request.environment.tenant
        if not ratelimit.consume(request, action="invite", key=tenant.public_id):
            form.add_error(None, "Too many invitations in an hour. Wait a while and send the rest then.")
            return _members(request, form)
        try:
            made = services.invite(tenant, email, role, by=request.membership, now=timezone.now())
        except TenantError as refusal:
            form.add_error("email", str(refusal))
        else:
            note(request, "member.invite", made.public_id, None, {"email": email, "role": role.value})
            messages.success(request, f"An invitation is on its way to {email}.")
            return redirect("console_members")
    return _members(request, form)


@require_POST
@environment_required(Role.ADMIN)
def cancel_invitation(request: ConsoleRequest, invitation_id: str) -> HttpResponse:
    """Take an open invitation back."""
    invitation = _invitation(request, invitation_id)
    services.cancel_invitation(invitation)
    note(
        request,
        "invitation.cancel",
        invitation.public_id,
        {"email": invitation.email, "role": invitation.role},
    )
    messages.success(request, f"The invitation of {invitation.email} is cancelled.")
    return redirect("console_members")


@require_POST
@environment_required(Role.ADMIN)
def change_role(request: ConsoleRequest, member_id: str) -> HttpResponse:
    """Give a member another role."""
    member = _member(request, member_id)
    form = RoleForm(request.POST, by=request.membership)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles you may give.")
        return redirect("console_members")
    try:
        services.change_role(member, Role(form.cleaned_data["role"]), by=request.membership)
    except TenantError as refusal:
        messages.error(request, str(refusal))
    else:
        change = {"role": member.role}, {"role": form.cleaned_data["role"]}
        note(request, "member.role", str(member.user), *change)
        messages.success(request, f"{member.user} is {Role(form.cleaned_data['role']).label.lower()} now.")
    return redirect("console_members")


@require_http_methods(["GET", "POST"])
@environment_required()
def remove(request: ConsoleRequest, member_id: str) -> HttpResponse:
    """Ask once, then end a membership. Everybody may end their own."""
    member = _member(request, member_id)
    if request.method == "GET":
        return render(
            request, "tracker/tenants/remove.html", {"member": member, "leaving": _is_self(request, member)}
        )
    try:
        services.remove_member(member, by=request.membership)
    except TenantError as refusal:
        messages.error(request, str(refusal))
        return redirect("console_members")
    note(request, "member.remove", str(member.user), {"role": member.role}, None)
    if _is_self(request, member):
        request.session.pop(SESSION_KEY, None)
        messages.success(request, f"You have left {request.environment.tenant}.")
        return redirect("console")
    messages.success(request, f"{member.user} is no longer a member.")
    return redirect("console_members")


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, invitation_id: str, token: str) -> HttpResponse:
    """What an invitation's link opens: sign up or in first, then one click. The token is a credential: no cache."""
    now = timezone.now()
    invitation = selectors.invitation_behind(invitation_id, token, now=now)
    if invitation is None:
        request.session.pop(JOINING, None)
        return _join_page(request, None)
    if request.method == "POST" and isinstance(request.user, User):
        return _accept(request, request.user, invitation, token)
    if not request.user.is_authenticated:
        request.session[JOINING] = request.path
    return _join_page(request, invitation)


def _join_page(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    facts = {"invitation": invitation, "theirs": invitation is not None and _is_theirs(request, invitation)}
    response = render(request, "tracker/tenants/join.html", facts, status=200 if invitation else 404)
    response.headers["Cache-Control"] = "no-store"
    return response


def _accept(request: HttpRequest, user: User, invitation: Invitation, token: str) -> HttpResponse:
    request.session.pop(JOINING, None)
    with scope.scope(tenant_id=invitation.tenant_id, user_id=user.pk):
        try:
            services.accept_invitation(invitation, token, user=user, now=timezone.now())
        except TenantError as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        facts = {"email": user.email, "role": invitation.role}
        note(request, "member.join", invitation.public_id, None, facts, tenant=invitation.tenant_id)
        first = selectors.environments_of(invitation.tenant_id).first()
    if first:
        request.session[SESSION_KEY] = first.public_id
    messages.success(request, f"Welcome to {invitation.tenant}.")
    return redirect("console")


def _members(request: ConsoleRequest, form: InviteForm) -> HttpResponse:
    tenant_id = request.environment.tenant_id
    may_manage = request.membership.may(Role.ADMIN)
    facts = {
        "members": selectors.members_of(tenant_id),
        "invitations": selectors.open_invitations_of(tenant_id, now=timezone.now()) if may_manage else [],
        "form": form,
        "may_manage": may_manage,
        "roles": roles_below(request.membership),
        "switch_to": request.path if request.method == "GET" else "",
    }
    return render(request, "tracker/tenants/members.html", facts)


def _member(request: ConsoleRequest, member_id: str) -> Membership:
    """A member of this tenant; anybody else's id leads nowhere."""
    try:
        uid = parse_id("mbr", member_id)
    except BadIdentifier:
        raise Http404("no such member") from None
    member = selectors.members_of(request.environment.tenant_id).filter(uid=uid).first()
    if member is None:
        raise Http404("no such member")
    return member


def _invitation(request: ConsoleRequest, invitation_id: str) -> Invitation:
    try:
        uid = parse_id("inv", invitation_id)
    except BadIdentifier:
        raise Http404("no such invitation") from None
    rows = selectors.open_invitations_of(request.environment.tenant_id, now=timezone.now())
    invitation = rows.filter(uid=uid).first()
    if invitation is None:
        raise Http404("no such invitation")
    return invitation


def _is_self(request: ConsoleRequest, member: Membership) -> bool:
    return member.pk == request.membership.pk


def _is_theirs(request: HttpRequest, invitation: Invitation) -> bool:
    return isinstance(request.user, User) and request.user.email.lower() == invitation.email
