"""The uploads pages of the console: the list with its form, one upload while it is read and after, downloads."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.intake.columns import BY_NAME, COLUMNS
from dispatch.intake.delimited import DELIMITERS
from dispatch.intake.downloads import faults_csv, template_csv, template_workbook
from dispatch.intake.encodings import CHOICES
from dispatch.intake.forms import ColumnsForm, UploadForm
from dispatch.intake.models import ShipmentUpload
from dispatch.intake.moments import FORMS
from dispatch.intake.selectors import find_upload, rows_of, uploads_in_sight
from dispatch.intake.services import NothingToRead, map_columns, take_upload
from dispatch.shipments.authors import of_member
from dispatch.shipments.console.listing import visible_hubs
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE, FAULTS_SHOWN = 25, 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATES = {"csv": ("text/csv; charset=utf-8", template_csv), "xlsx": (XLSX, template_workbook)}
UNDER_WAY = {ShipmentUpload.State.WAITING, ShipmentUpload.State.READING}


@require_http_methods(["GET", "POST"])
@environment_required()
def uploads(request: ConsoleRequest) -> HttpResponse:
    """Uploads, the newest first, and the form for another."""
    sight = hubs_in_sight(request.membership, request.environment)
    hubs = visible_hubs(request.environment, sight)
    may_act = request.membership.may(Role.SUPERVISOR)
    posted = request.method == "POST" and may_act
    form = UploadForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        hubs=hubs,
        limited=sight is not None,
    )
    if posted and form.is_valid():
        made = take_upload(
            request.environment.pk, form.cleaned_data["file"], form.options(),
            file_name=str(getattr(request.FILES["file"], "name", "")), by=request.user, author=of_member(request.user),
            hub=next((hub for hub in hubs if hub.public_id == form.cleaned_data["hub"]), None),
        )  # fmt: skip
        return redirect("console_upload", made.public_id)
    rows = uploads_in_sight(request.environment, sight, request.user.pk)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    facts = {"form": form, "page": page, "hubs": hubs, "may_act": may_act, "columns": COLUMNS}
    return render(request, "dispatch/intake/uploads.html", facts, status=400 if posted else 200)


@require_safe
@environment_required()
def upload(request: ConsoleRequest, upload_id: str) -> HttpResponse:
    """One upload: how far it is, how it was read, what was wrong with which cell."""
    found = _found(request, upload_id)
    facts = _facts(found) | {
        "may_act": request.membership.may(Role.SUPERVISOR),
        "switch_to": reverse("console_uploads"),
        "columns_form": _columns_form(found),
    }
    return render(request, "dispatch/intake/upload.html", facts)


@require_safe
@environment_required()
def progress(request: ConsoleRequest, upload_id: str) -> HttpResponse:
    """The part of the page that changes while the file is read."""
    answer = render(request, "dispatch/intake/progress.html", _facts(_found(request, upload_id)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
@environment_required(Role.SUPERVISOR)
def columns(request: ConsoleRequest, upload_id: str) -> HttpResponse:
    """Read a file that was not understood, with its columns as the person says."""
    found = _found(request, upload_id)
    form = _columns_form(found, request.POST)
    try:
        if form is None or not form.is_valid():
            raise NothingToRead
        map_columns(found, form.columns())
    except NothingToRead:
        messages.error(request, "This file cannot be read again. Upload it once more.")
    return redirect("console_upload", upload_id)


@require_safe
@environment_required()
def faults(request: ConsoleRequest, upload_id: str) -> HttpResponse:
    """Every fault as CSV."""
    found = _found(request, upload_id)
    lines = b"".join(faults_csv(found))
    answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="faults-{found.public_id}.csv"'
    return answer


@require_safe
@environment_required()
def template(request: ConsoleRequest, kind: str) -> HttpResponse:
    """An empty file to fill in."""
    if kind not in TEMPLATES:
        raise Http404("no such template")
    content_type, make = TEMPLATES[kind]
    answer = HttpResponse(make(), content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="shipments.{kind}"'
    return answer


def _found(request: ConsoleRequest, upload_id: str) -> ShipmentUpload:
    sight = hubs_in_sight(request.membership, request.environment)
    found = find_upload(uploads_in_sight(request.environment, sight, request.user.pk), upload_id)
    if found is None:
        raise Http404("no such upload")
    return found


def _facts(found: ShipmentUpload) -> dict[str, Any]:
    """What the page shows that changes while the file is read."""
    seen = found.facts
    total = found.total_rows
    return {
        "upload": found,
        "under_way": found.state in UNDER_WAY,
        "percent": min(100, 100 * found.rows // total) if total else None,
        "total": total,
        "faulty": list(rows_of(found)[:FAULTS_SHOWN]),
        "read_as": {
            "encoding": CHOICES.get(seen.get("encoding", ""), seen.get("encoding", "")),
            "guessed": seen.get("guessed", False),
            "delimiter": DELIMITERS.get(seen.get("delimiter", ""), ""),
            "kind": seen.get("kind", ""),
            "dates": FORMS.get(seen.get("date_form", ""), ""),
            "columns": [(heading, BY_NAME[name].label) for heading, name in seen.get("columns", {}).items()]
            + list(seen.get("sizes", {}).items()),
            "unknown": [
                heading for heading in seen.get("unknown", []) if heading not in seen.get("beside", {})
            ],
            "beside": [(heading, BY_NAME[name].label) for heading, name in seen.get("beside", {}).items()],
            "own_ids": "external_id" in seen.get("columns", {}).values(),
        },
    }


def _columns_form(found: ShipmentUpload, data: Any = None) -> ColumnsForm | None:
    """A form to map the columns, where the file failed for them and is still here."""
    headings = found.facts.get("headings") or []
    if found.state != ShipmentUpload.State.FAILED or found.rows or not headings:
        return None
    kept = dict.fromkeys(headings)
    return ColumnsForm(data, headings=list(kept))
