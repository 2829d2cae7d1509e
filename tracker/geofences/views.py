"""The geofences pages of the console: list, one geofence, the map editor, an upload."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.console.paging import newest_first
from tracker.geofences.bodies import read_body
from tracker.geofences.forms import GeofenceForm, UploadForm
from tracker.geofences.models import Geofence
from tracker.geofences.page_data import refused
from tracker.geofences.refusals import BYTE_ORDER_MARK
from tracker.geofences.selectors import (
    find_geofence,
    geofences_matching,
    latest_version,
    published_of,
    state_of,
    unpublished,
    with_published,
)
from tracker.geofences.services import (
    ExternalIdTaken,
    TooManyGeofences,
    change_geofence,
    discard_draft,
    take_out,
)
from tracker.geofences.shape_facts import MOST_GEOFENCES
from tracker.geofences.uploading import Applied, apply_upload
from tracker.geofences.uploads import Upload, read_upload
from tracker.http.console import ConsoleRequest, environment_required
from tracker.http.parsing import decode
from tracker.http.problems import ApiProblem
from tracker.tenants.models import Role

PAGE = 50
SHOWN_FAULTS = 50


@require_safe
@environment_required()
def geofences(request: ConsoleRequest) -> HttpResponse:
    """Geofences, the newest first; `q` searches names and ids."""
    environment_id = request.environment.pk
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    page = newest_first(geofences_matching(environment_id, text), request.GET.get("after", ""), size=PAGE)
    facts = {
        "rows": [_row(one) for one in with_published(environment_id, page.rows)],
        "page": page,
        "text": text,
        "version": latest_version(environment_id),
        "waiting": unpublished(environment_id),
        "may_edit": request.membership.may(Role.SUPERVISOR),
    }
    return render(request, "tracker/geofences/list.html", facts)


@require_safe
@environment_required()
def editor(request: ConsoleRequest) -> HttpResponse:
    """The map on which geofences are drawn."""
    values = {
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
        "borders": reverse("console_geofence_borders"),
        "one": reverse("console_geofence_shape", args=["GEOFENCE"]),
        "save": reverse("console_geofence_save"),
        "take_out": reverse("console_geofence_take_out", args=["GEOFENCE"]),
        "discard": reverse("console_geofence_discard", args=["GEOFENCE"]),
        "upload": reverse("console_geofence_upload"),
        "past": reverse("console_geofence_past"),
        "may_edit": request.membership.may(Role.SUPERVISOR),
    }
    facts = {
        "values": values,
        "may_edit": values["may_edit"],
        "switch_to": reverse("console_geofence_editor"),
    }
    return render(request, "tracker/geofences/editor.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required()
def geofence(request: ConsoleRequest, geofence_id: str) -> HttpResponse:
    """One geofence; supervisors change what is said of it."""
    found = _found(request, geofence_id)
    shape = found.draft or published_of(found)
    if request.method == "GET" or not request.membership.may(Role.SUPERVISOR):
        facts = {name: getattr(shape, name) for name in GeofenceForm.base_fields if name != "external_id"}
        return _detail(request, found, GeofenceForm(initial=facts | {"external_id": found.external_id or ""}))
    form = GeofenceForm(request.POST)
    if not form.is_valid():
        return _detail(request, found, form)
    body = form.cleaned_data | {"external_id": form.cleaned_data["external_id"] or None}
    new, faults = read_body(body, shape, found.external_id)
    if new is None:
        form.add_error(None, faults.kept[0].sentence)
        return _detail(request, found, form)
    try:
        change_geofence(found, new, by=request.user)
    except ExternalIdTaken:
        form.add_error("external_id", "Another geofence has this id.")
        return _detail(request, found, form)
    messages.success(request, "Saved as a draft. It counts once it is published.")
    return redirect("console_geofence", geofence_id=found.public_id)


@require_POST
@environment_required(Role.SUPERVISOR)
def remove(request: ConsoleRequest, geofence_id: str) -> HttpResponse:
    """Take it out with the next publish."""
    found = _found(request, geofence_id)
    published = published_of(found) is not None
    take_out(found)
    said = "It ends with the next publish." if published else "It is gone."
    return _done(request, said)


@require_POST
@environment_required(Role.SUPERVISOR)
def discard(request: ConsoleRequest, geofence_id: str) -> HttpResponse:
    """Back to what is published."""
    discard_draft(_found(request, geofence_id))
    return _done(request, "The draft is discarded.")


@require_http_methods(["GET", "POST"])
@environment_required(Role.SUPERVISOR)
def upload(request: ConsoleRequest) -> HttpResponse:
    """A GeoJSON file: as a page of its own, and for the map editor, which asks for JSON."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    read = _read(form) if form.is_bound and form.is_valid() else None
    if read is None:
        return _again(request, form)
    if read.faults.count and not (form.cleaned_data["skip_invalid"] and read.shapes):
        return refused(read.faults) if _wants_json(request) else _with_faults(request, form, read)
    try:
        keep = read.ids if form.cleaned_data["replace"] else None
        done = apply_upload(request.environment.pk, read.shapes, keep, by=request.user)
    except TooManyGeofences:
        form.add_error("file", f"The set would hold more than {MOST_GEOFENCES:,} geofences.")
        return _again(request, form)
    return _done(request, _said(read, done))


def _read(form: UploadForm) -> Upload | None:
    """What is in the file; None where it is no JSON, which the form then says."""
    try:
        return read_upload(decode(form.cleaned_data["file"].removeprefix(BYTE_ORDER_MARK)))
    except ApiProblem as problem:
        form.add_error("file", problem.detail.replace("The body", "The file"))
        return None


def _again(request: ConsoleRequest, form: UploadForm) -> HttpResponse:
    if _wants_json(request) and form.is_bound:
        said = [str(error) for errors in form.errors.values() for error in errors]
        return JsonResponse({"detail": " ".join(said)}, status=400)
    return render(request, "tracker/geofences/upload.html", {"form": form})


def _wants_json(request: ConsoleRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _with_faults(request: ConsoleRequest, form: UploadForm, read: Upload) -> HttpResponse:
    facts = {
        "form": form,
        "faults": read.faults.kept[:SHOWN_FAULTS],
        "fault_count": read.faults.count,
        "good": len(read.shapes),
        "features": read.features,
    }
    return render(request, "tracker/geofences/upload.html", facts, status=400)


def _said(read: Upload, done: Applied) -> str:
    parts = [
        (done.created, "new"),
        (done.changed, "changed"),
        (done.unchanged, "unchanged"),
        (done.taken_out, "taken out"),
        (read.features - len(read.shapes), "refused and left out"),
    ]
    told = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "nothing"
    cut = sum(1 for shape in read.shapes if shape.outline.notes)
    across = f" {cut} crossed the 180th meridian and were cut there." if cut else ""
    return f"Uploaded as drafts: {told}.{across}"


def _done(request: ConsoleRequest, said: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"detail": said})
    messages.success(request, said)
    return redirect("console_geofences")


def _detail(request: ConsoleRequest, found: Geofence, form: GeofenceForm) -> HttpResponse:
    facts = _row(found) | {
        "form": form,
        "may_edit": request.membership.may(Role.SUPERVISOR),
        "switch_to": reverse("console_geofences"),
    }
    return render(request, "tracker/geofences/detail.html", facts)


def _row(found: Geofence) -> dict[str, Any]:
    return {"geofence": found, "shape": found.draft or published_of(found), "state": state_of(found)}


def _found(request: ConsoleRequest, geofence_id: str) -> Geofence:
    found = find_geofence(request.environment.pk, geofence_id)
    if found is None:
        raise Http404("no such geofence")
    return found
