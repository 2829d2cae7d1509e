"""The keys page: list, make, revoke."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.keys.forms import KeyForm
from tracker.keys.models import Key
from tracker.keys.selectors import keys_of
from tracker.keys.services import create_key, publishable_text, revoke_key
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Role


@dataclass(frozen=True)
class ShownKey:
    """A key with its text, for the one page that may show it."""

    key: Key
    text: str


@require_safe
@environment_required()
def keys(request: ConsoleRequest) -> HttpResponse:
    """The environment's keys."""
    return _list(request, KeyForm())


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def create(request: ConsoleRequest) -> HttpResponse:
    """Make a key and show its text in the answer itself: it is never put in a link, a message or a session."""
    if request.method == "GET":
        return redirect("console_keys")
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    values = form.cleaned_data
    scopes, ends = form.scopes(), form.ends_at(timezone.now())
    key, text = create_key(
        request.environment,
        values["kind"],
        by=request.user,
        name=values["name"].strip(),
        scopes=scopes,
        expires_at=ends,
    )
    note(request, "key.create", key.public_id, None, _facts(key))
    return show_once(request, [ShownKey(key, text)])


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def revoke(request: ConsoleRequest, key_id: str) -> HttpResponse:
    """Ask once, then end the key for good."""
    key = key_or_404(request.environment, key_id)
    if request.method == "GET":
        facts = {"key": key, "switch_to": reverse("console_keys")}
        return render(request, "tracker/keys/revoke.html", facts)
    if revoke_key(key, now=timezone.now()):
        note(request, "key.revoke", key.public_id, {"hint": key.hint, "in force": True}, {"in force": False})
        messages.success(request, f"{key.hint} is revoked. The ingest endpoint refuses it within seconds.")
    else:
        messages.info(request, f"{key.hint} was revoked before.")
    return redirect("console_keys")


def _facts(key: Key) -> dict[str, object]:
    """Of a new key, for the audit log."""
    return {
        "kind": key.kind,
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes,
        "expires": key.expires_at,
    }


def show_once(request: ConsoleRequest, shown: list[ShownKey]) -> HttpResponse:
    """The page with the texts of keys just made; nothing may keep a copy of it."""
    facts = {"shown": shown, "switch_to": reverse("console_keys")}
    response = render(request, "tracker/keys/created.html", facts)
    response.headers["Cache-Control"] = "no-store"
    return response


def _list(request: ConsoleRequest, form: KeyForm) -> HttpResponse:
    rows = [(key, publishable_text(key, request.environment)) for key in keys_of(request.environment)]
    now = timezone.now()
    facts = {
        "keys": [(key, text, _state(key, now)) for key, text in rows],
        "form": form,
        "may_manage": request.membership.may(Role.ADMIN),
    }
    return render(request, "tracker/keys/list.html", facts | {"switch_to": reverse("console_keys")})


def _state(key: Key, now: datetime) -> str:
    return "Expired" if key.expired(now) else "In force" if key.in_force(now) else "Revoked"


def key_or_404(environment: Environment, key_id: str) -> Key:
    """A key of this environment; anybody else's id leads nowhere."""
    try:
        uid = parse_id("key", key_id)
    except BadIdentifier:
        raise Http404("no such key") from None
    key = keys_of(environment).filter(uid=uid).first()
    if key is None:
        raise Http404("no such key")
    return key
