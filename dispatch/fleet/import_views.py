"""The page on which drivers or vehicles come from a file, and the templates to fill in."""

import csv
import io
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dispatch.fleet.importing import (
    DRIVER_COLUMNS,
    VEHICLE_COLUMNS,
    Imported,
    import_drivers,
    import_vehicles,
)
from dispatch.fleet.refusals import FleetRefusal
from dispatch.intake.faults import Unreadable
from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

LARGEST = 4 * 1024 * 1024
EXAMPLES = {
    "drivers": ["d-17", "Asha Patil", "pune-1", "+91 98220 00000", "asha@example.com", "cash", "09:00-18:00",
                "Mon-Sat", "v-17", "phone-17"],
    "vehicles": ["v-17", "MH 12 AB 1234", "two_wheeler", "pune-1", "25", "", ""],
}  # fmt: skip


class ImportForm(forms.Form):
    """What the file holds, and the file."""

    what = forms.ChoiceField(
        choices=[("vehicles", "Vehicles"), ("drivers", "Drivers")], label="The file holds"
    )
    file = forms.FileField(
        label="CSV or XLSX file", widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,.tsv"})
    )


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def bring_in(request: ConsoleRequest) -> HttpResponse:
    """A file of drivers or vehicles; what was wrong is shown row by row."""
    form = ImportForm(request.POST or None, request.FILES or None)
    done = _done(request, form) if request.method == "POST" and form.is_valid() else None
    facts: dict[str, Any] = {
        "form": form,
        "done": done,
        "columns": {"Vehicles": list(VEHICLE_COLUMNS), "Drivers": list(DRIVER_COLUMNS)},
    }
    return render(request, "dispatch/fleet/import.html", facts)


@require_safe
@environment_required()
def template(request: ConsoleRequest, what: str) -> HttpResponse:
    """An empty file with the headings and one example."""
    columns = {"drivers": DRIVER_COLUMNS, "vehicles": VEHICLE_COLUMNS}.get(what)
    if columns is None:
        raise Http404("no such template")
    text = io.StringIO()
    csv.writer(text).writerows([list(columns), EXAMPLES[what]])
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{what}.csv"'
    return answer


def _done(request: ConsoleRequest, form: ImportForm) -> Imported | None:
    file = form.cleaned_data["file"]
    if file.size > LARGEST:
        form.add_error("file", "The file is larger than 4 MiB: cut it into several.")
        return None
    content = file.read()
    try:
        if form.cleaned_data["what"] == "drivers":
            done = import_drivers(request.environment, content, now=timezone.now())
        else:
            done = import_vehicles(request.environment, content)
    except (Unreadable, FleetRefusal) as refusal:
        form.add_error("file", str(refusal))
        return None
    note(request, "fleet.import", form.cleaned_data["what"], None, {"file": file.name, "bytes": file.size})
    return done
