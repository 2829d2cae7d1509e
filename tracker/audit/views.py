"""The audit log's page, for admins: newest first, by who, what and when."""

from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tracker.audit.selectors import Narrowing, changes_in, entries_of
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50


class NarrowingForm(forms.Form):
    """Which entries are wanted. Days that are none are left out and said."""

    actor = forms.CharField(required=False, max_length=100, label="Who")
    action = forms.CharField(required=False, max_length=60, label="What")
    target = forms.CharField(required=False, max_length=100, label="On what")
    first = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))


@require_safe
@environment_required(Role.ADMIN)
def log(request: ConsoleRequest) -> HttpResponse:
    """What was changed in this organisation."""
    names = NarrowingForm.base_fields
    asked = {name: request.GET.get(name, "") for name in names}
    form = NarrowingForm(asked, auto_id="audit_%s")
    form.is_valid()
    wanted = Narrowing(**{name: form.cleaned_data[name] for name in names if form.cleaned_data.get(name)})
    rows = entries_of(request.environment.tenant_id, wanted)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    facts = {
        "form": form,
        "page": page,
        "entries": [(entry, changes_in(entry)) for entry in page.rows],
        "narrowed": any(asked.values()),
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "switch_to": reverse("console_audit"),
    }
    return render(request, "tracker/audit/log.html", facts)
