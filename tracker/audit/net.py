"""The net below every page and API address: a change that noted nothing itself is noted here, with what was sent.

So a new page cannot forget the log. What is let through, and why, is listed below; a test walks all addresses.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.messages import SUCCESS
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request

from tracker.audit.services import note, plain_request

# pages that are asked with POST and change nothing
ASK_ONLY = {
    "console_geofence_past": "counts what a border would have told",
    "console_board_preview": "weighs a move before it is made",
    "api_override_preview": "weighs a move before it is made",
}
# the daily traffic of programs, each with a history of its own that is kept
TRAFFIC = {
    "api_shipments": "a shipment's own events tell it",
    "api_shipments_batch": "a shipment's own events tell it",
    "api_shipment_": "a shipment's own events tell it",
    "api_manifest_": "told by the stop's and manifest's own times and events",
    "api_trips": "the trip's events tell it",
    "api_trip": "the trip's events tell it",
    "api_trip_complete": "the trip's events tell it",
    "api_trip_cancel": "the trip's events tell it",
    "api_webhook_replay": "the message's attempts tell it",
    "api_webhook_message_replay": "the message's attempts tell it",
}
VERBS = {"POST": "create", "PATCH": "change", "PUT": "set", "DELETE": "delete"}


def is_traffic(name: str) -> bool:
    """Whether writes at this address are told elsewhere. A name that ends in _ stands for all that begin so."""
    return name in TRAFFIC or any(name.startswith(part) for part in TRAFFIC if part.endswith("_"))


def note_page(request: HttpRequest, response: HttpResponseBase) -> None:
    """After a page of the console: note what it changed, unless it did so itself."""
    name = _name(request)
    if request.method != "POST" or name in ASK_ONLY or _noted(request) or not _changed(request, response):
        return
    note(request, action_of(name, "POST"), _target(request, response), None, _sent(request))


def note_call(request: Request, response: HttpResponseBase) -> None:
    """After a call of the API: the same."""
    plain = plain_request(request)
    name, method = _name(plain), plain.method or ""
    if method not in VERBS or not 200 <= response.status_code < 300 or _noted(plain):
        return
    if name in ASK_ONLY or is_traffic(name) or response.has_header("Idempotent-Replayed"):
        return
    body = getattr(request, "_full_data", None)  # parsed by the view, or not at all
    after = body if isinstance(body, Mapping) else None
    note(request, action_of(name, method), _target(plain, response), None, after)


def action_of(name: str, method: str) -> str:
    """`console_member_role` is member.role; DELETE of `api_device` is device.delete."""
    _, _, rest = name.partition("_")
    noun, _, deed = rest.partition("_")
    if name.startswith("api_") and (method != "POST" or not deed):
        return f"{rest}.{VERBS[method]}"
    return f"{noun}.{deed}" if deed else f"{noun}.save"


def _name(request: HttpRequest) -> str:
    return str(request.resolver_match.url_name if request.resolver_match else "")


def _noted(request: HttpRequest) -> bool:
    return bool(getattr(request, "audit_noted", False))


def _changed(request: HttpRequest, response: HttpResponseBase) -> bool:
    """A redirect, or an answer to a script, where the page did not say that nothing was done.

    A page that shows its form again answers with HTML and changed nothing; those that show a new secret in the
    answer itself note it themselves.
    """
    said = [message.level for message in getattr(getattr(request, "_messages", None), "_queued_messages", [])]
    if said and SUCCESS not in said:
        return False
    if 300 <= response.status_code < 400:
        return True
    return 200 <= response.status_code < 300 and "json" in response.headers.get("Content-Type", "")


def _target(request: HttpRequest, response: HttpResponseBase) -> str:
    named = [
        str(value) for value in (request.resolver_match.kwargs if request.resolver_match else {}).values()
    ]
    if named:
        return ", ".join(named)
    made = getattr(getattr(response, "data", None), "id", None)
    if isinstance(made, str):
        return made
    path = response.headers.get("Location", "").partition("?")[0].rstrip("/")
    last = path.rpartition("/")[2]
    return last if "_" in last else ""  # public ids have a prefix; names of pages have none


def _sent(request: HttpRequest) -> dict[str, Any] | None:
    """The fields of the form. Of files the names; JSON of the map pages by its own fields."""
    values: dict[str, Any] = {
        name: values[0] if len(values) == 1 else values
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "back", "next"}
    }
    files = {name: f"file {file.name}" for name, file in request.FILES.items() if hasattr(file, "name")}
    return values | files or None
