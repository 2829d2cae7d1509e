"""What the map editor asks for while it is open: borders to draw, a shape to edit, saving, previewing, uploading."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tracker.geofences.bodies import FIELDS, read_body
from tracker.geofences.borders import borders_of, difference_borders
from tracker.geofences.faults import Faults
from tracker.geofences.preview import preview
from tracker.geofences.schemas import fault_documents, geofence_document
from tracker.geofences.selectors import find_geofence, published_of, version_by_number
from tracker.geofences.services import (
    ExternalIdTaken,
    TooManyGeofences,
    change_geofence,
    create_geofence,
)
from tracker.http.console import ConsoleRequest, environment_required
from tracker.http.parsing import decode
from tracker.http.problems import ApiProblem, answer
from tracker.tenants.models import Role

P = ParamSpec("P")
NO_STORE = {"Cache-Control": "no-store"}


def problems_as_json(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A refusal becomes its problem document, as in the API."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except ApiProblem as problem:
            return answer(problem)

    return answered


@require_safe
@environment_required()
def borders(request: ConsoleRequest) -> HttpResponse:
    """Every border the editor draws, simplified: drafts, and what is published where it differs."""
    return _geojson(borders_of(request.environment.pk))


@require_safe
@environment_required()
def difference(request: ConsoleRequest, number: int | None = None) -> HttpResponse:
    """The borders of what a version changed, or the next publish would; each with `became`."""
    against = request.GET.get("against", "")
    earlier = int(against) if against.isascii() and against.isdigit() and len(against) < 9 else None
    if number is not None and version_by_number(request.environment.pk, number) is None:
        raise Http404("no such version")
    return _geojson(difference_borders(request.environment.pk, number, earlier))


@require_safe
@environment_required()
def one(request: ConsoleRequest, geofence_id: str) -> HttpResponse:
    """A geofence with its exact shapes."""
    found = find_geofence(request.environment.pk, geofence_id)
    if found is None:
        return _gone()
    return _json(geofence_document(found))


@require_POST
@environment_required(Role.SUPERVISOR)
@problems_as_json
def save(request: ConsoleRequest) -> HttpResponse:
    """Make a draft, or change one; `id` says which."""
    body = _object(request)
    found = find_geofence(request.environment.pk, str(body.get("id"))) if body.get("id") else None
    if body.get("id") and found is None:
        return _gone()
    old = (found.draft or published_of(found)) if found else None
    new, faults = read_body(_fields(body), old, found.external_id if found else None)
    if new is None:
        return refused(faults)
    try:
        if found is None:
            saved = create_geofence(request.environment.pk, new, by=request.user)
        else:
            saved = change_geofence(found, new, by=request.user)
    except ExternalIdTaken:
        return JsonResponse({"detail": "Another geofence has this id."}, status=409)
    except TooManyGeofences:
        return JsonResponse({"detail": "The set is full."}, status=409)
    fresh = find_geofence(request.environment.pk, saved.public_id)
    return _json(geofence_document(fresh or saved))


@require_POST
@environment_required()
@problems_as_json
def past(request: ConsoleRequest) -> HttpResponse:
    """What the last 24 hours would have told with these settings."""
    body = _object(request)
    found = find_geofence(request.environment.pk, str(body.get("id"))) if body.get("id") else None
    old = (found.draft or published_of(found)) if found else None
    fields = {"name": "Preview"} | _fields(body) if found is None else _fields(body)
    new, faults = read_body(fields, old, found.external_id if found else None)
    if new is None:
        return refused(faults)
    return _json(preview(request.environment.pk, new, found, now=timezone.now()))


def refused(faults: Faults) -> HttpResponse:
    """All that is wrong, for the list beside the map."""
    body = {"faults": msgspec.to_builtins(fault_documents(faults)), "fault_count": faults.count}
    return JsonResponse(body, status=400, headers=NO_STORE)


def _gone() -> HttpResponse:
    return JsonResponse({"detail": "There is no such geofence any more."}, status=404)


def _object(request: HttpRequest) -> dict[str, Any]:
    body = decode(request.body)
    if not isinstance(body, dict):
        raise ApiProblem(400, "invalid_body", "The body must be a JSON object.")
    return body


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in FIELDS}


def _json(value: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", headers=NO_STORE)


def _geojson(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/geo+json", headers=NO_STORE)
