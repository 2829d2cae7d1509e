"""The banner's buttons: let this session write, and end it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tracker.acting import services
from tracker.acting.selectors import SESSION_KEY, acting_of


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """Be oneself again, and back to the admin."""
    acting = acting_of(request.session, request.user, now=timezone.now())
    request.session.pop(SESSION_KEY, None)
    if acting is None:
        return redirect("console")
    services.end(acting, now=timezone.now())
    return redirect("admin:index")


@require_POST
@login_required
def write(request: HttpRequest) -> HttpResponse:
    """Let this session change things, with a reason of its own."""
    acting = acting_of(request.session, request.user, now=timezone.now())
    if acting is not None:
        try:
            services.let_write(acting, reason=request.POST.get("reason", ""), now=timezone.now())
        except services.NoReason as refusal:
            messages.error(request, str(refusal))
    return redirect("console")
