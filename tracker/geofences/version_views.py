"""The pages of published versions: publish with a note, the history, one version with its difference, going back."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.geofences.forms import NoteForm
from tracker.geofences.publishing import NoSuchVersion, NothingToPublish, publish, roll_back
from tracker.geofences.selectors import (
    difference,
    latest_version,
    unpublished,
    version_by_number,
    versions_before,
)
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50


@require_http_methods(["GET", "POST"])
@environment_required(Role.SUPERVISOR)
def publish_page(request: ConsoleRequest) -> HttpResponse:
    """What a publish would change, a note, and the button."""
    form = NoteForm(request.POST) if request.method == "POST" else NoteForm()
    if form.is_bound and form.is_valid():
        try:
            version = publish(
                request.environment.pk, now=timezone.now(), by=request.user, note=form.cleaned_data["note"]
            )
        except NothingToPublish:
            messages.info(request, "There is nothing to publish.")
            return redirect("console_geofences")
        messages.success(request, f"Version {version.number} is published.")
        return redirect("console_geofences")
    facts = {
        "form": form,
        "difference": unpublished(request.environment.pk),
        "version": latest_version(request.environment.pk),
        "values": _values(reverse("console_geofence_next")),
    }
    return render(request, "tracker/geofences/publish.html", facts)


@require_safe
@environment_required()
def versions(request: ConsoleRequest) -> HttpResponse:
    """Every version, the newest first."""
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 9 else None
    rows = versions_before(request.environment.pk, number, PAGE + 1)
    facts = {
        "rows": rows[:PAGE],
        "more": rows[PAGE - 1].number if len(rows) > PAGE else None,
        "first": number is None,
        "latest": latest_version(request.environment.pk),
        "now": timezone.now(),
    }
    return render(request, "tracker/geofences/versions.html", facts)


@require_safe
@environment_required()
def version(request: ConsoleRequest, number: int) -> HttpResponse:
    """One version: what it changed, against the one before it or another."""
    against = request.GET.get("against", "")
    earlier = int(against) if against.isascii() and against.isdigit() and len(against) < 9 else None
    found = version_by_number(request.environment.pk, number)
    differs = difference(request.environment.pk, number, earlier)
    if found is None or differs is None:
        raise Http404("no such version")
    address = reverse("console_geofence_version_difference", args=[number])
    facts = {
        "version": found,
        "against": earlier if earlier is not None else number - 1,
        "difference": differs,
        "latest": latest_version(request.environment.pk),
        "form": NoteForm(),
        "values": _values(address if earlier is None else f"{address}?against={earlier}"),
        "may_publish": request.membership.may(Role.SUPERVISOR),
    }
    return render(request, "tracker/geofences/version.html", facts)


@require_http_methods(["POST"])
@environment_required(Role.SUPERVISOR)
def rollback(request: ConsoleRequest, number: int) -> HttpResponse:
    """Publish that version's shapes again."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        made = roll_back(request.environment.pk, number, now=timezone.now(), by=request.user, note=note)
    except NoSuchVersion:
        raise Http404("no such version") from None
    except NothingToPublish:
        messages.info(request, f"Version {number} says what is published already.")
        return redirect("console_geofence_versions")
    messages.success(request, f"Version {made.number} is published: the shapes of version {number}.")
    return redirect("console_geofence_versions")


def _values(shapes: str) -> dict[str, str]:
    """What the small map of differences is told."""
    return {
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
        "shapes": shapes,
    }
