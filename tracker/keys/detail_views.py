"""The page of one key: what it may, what it was used for day by day; its end, and its successor."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.ingestion.usage import reports_of_key_by_day
from tracker.keys.forms import ExpiryForm, RollForm
from tracker.keys.rolling import NotInForce, roll_key, set_expiry
from tracker.keys.views import ShownKey, key_or_404, show_once
from tracker.requestlog.selectors import requests_of_key_by_day
from tracker.tenants.models import Role

DAYS_SHOWN = 30


@require_safe
@environment_required()
def key_page(request: ConsoleRequest, key_id: str) -> HttpResponse:
    """One key."""
    key, now = key_or_404(request.environment, key_id), timezone.now()
    first = now - timedelta(days=DAYS_SHOWN)
    facts = {
        "key": key,
        "state": "expired" if key.expired(now) else "in force" if key.in_force(now) else "revoked",
        "days": reports_of_key_by_day(request.environment.pk, key.pk, first),
        "request_days": requests_of_key_by_day(request.environment.pk, key.pk, first),
        "days_shown": DAYS_SHOWN,
        "expiry_form": ExpiryForm(),
        "roll_form": RollForm(),
        "may_manage": request.membership.may(Role.ADMIN) and key.in_force(now),
        "switch_to": reverse("console_keys"),
    }
    return render(request, "tracker/keys/key.html", facts)


@require_POST
@environment_required(Role.ADMIN)
def expire(request: ConsoleRequest, key_id: str) -> HttpResponse:
    """Say when a key ends."""
    key, form = key_or_404(request.environment, key_id), ExpiryForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the times.")
        return redirect("console_key", key.public_id)
    ends = form.ends_at(timezone.now())
    if set_expiry(key, ends):
        note(request, "key.expire", key.public_id, {"expires": key.expires_at}, {"expires": ends})
        messages.success(request, "The key ends at that time." if ends else "The key does not expire.")
    else:
        messages.error(request, "This key is not in force any more.")
    return redirect("console_key", key.public_id)


@require_POST
@environment_required(Role.ADMIN)
def roll(request: ConsoleRequest, key_id: str) -> HttpResponse:
    """Make the next key and show its text, once; the old one ends when that was asked."""
    key, form = key_or_404(request.environment, key_id), RollForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose when the old key ends.")
        return redirect("console_key", key.public_id)
    try:
        new, text = roll_key(key, by=request.user, overlap=form.span(), now=timezone.now())
    except NotInForce as refusal:
        messages.error(request, str(refusal))
        return redirect("console_key", key.public_id)
    after = {"next": new.public_id, "next hint": new.hint, "old one ends after": str(form.span())}
    note(request, "key.roll", key.public_id, {"hint": key.hint}, after)
    return show_once(request, [ShownKey(new, text)])
