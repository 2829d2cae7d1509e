"""The staff's own pages in the admin: search, features, acting as a member; and geometries on our own map."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.acting import services as acting
from tracker.acting.models import ActingSession
from tracker.acting.selectors import SESSION_KEY
from tracker.flags.catalogue import FEATURES
from tracker.flags.models import FeatureFlag, FlagTenant
from tracker.flags.services import switch
from tracker.geofences.models import GeofenceShape
from tracker.http.console import SESSION_KEY as ENVIRONMENT_KEY
from tracker.privacy.models import DataExport, ErasureRequest
from tracker.staff.search import search
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Membership, Tenant, User
from tracker.tenants.staff_pages import Facts
from tracker.trips.models import Trip

WHY = "admin"


def _log(request: HttpRequest, row: Any, said: str) -> None:
    """One line in the admin's log."""
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0), content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk),
        object_repr=str(row)[:200], action_flag=CHANGE, change_message=said,
    )  # fmt: skip


def search_page(request: HttpRequest) -> HttpResponse:
    """Everything that matches, of every organisation."""
    words = request.GET.get("q", "")
    facts = site.each_context(request) | {"title": "Search", "q": words, "hits": search(words)}
    return render(request, "tracker/staff/search.html", facts)


def features_page(request: HttpRequest) -> HttpResponse:
    """All features of the catalogue, and for whom each is on."""
    if request.method == "POST":
        if not request.user.has_perm("tracker.change_featureflag"):
            raise PermissionDenied("Your account may not switch features.")
        _switch(request)
        return redirect("admin:features")
    flags = {flag.code: flag for flag in FeatureFlag.objects.all()}
    listed: dict[str, list[str]] = {}
    for row in FlagTenant.objects.unscoped(WHY).select_related("tenant").order_by("tenant_id"):
        listed.setdefault(row.flag_id, []).append(row.tenant.public_id)
    rows = [
        {
            "feature": feature,
            "state": flags[code].state if code in flags else "",
            "listed": "\n".join(listed.get(code, [])),
        }
        for code, feature in FEATURES.items()
    ]
    facts = site.each_context(request) | {
        "title": "Features",
        "rows": rows,
        "states": FeatureFlag.State.choices,
    }
    return render(request, "tracker/staff/features.html", facts)


def _switch(request: HttpRequest) -> None:
    code, state = request.POST.get("code", ""), request.POST.get("state", "")
    if code not in FEATURES or state not in FeatureFlag.State.values:
        messages.error(request, "Choose one of the features, and for whom it is on.")
        return
    found: list[Tenant] = []
    for word in request.POST.get("listed", "").split():
        try:
            tenant = Tenant.objects.filter(uid=parse_id("ten", word)).first()
        except BadIdentifier:
            tenant = None
        if tenant is None:
            messages.error(
                request, f"{word[:60]} is no organisation's id: they begin with ten_. Nothing was changed."
            )
            return
        found.append(tenant)
    flag = switch(code, state, listed=found, now=timezone.now())
    _log(
        request,
        flag,
        f"{flag.get_state_display()}; listed: {', '.join(t.public_id for t in found) or 'none'}",
    )
    messages.success(request, f"{code}: {flag.get_state_display().lower()}.")


def act_as(request: HttpRequest, membership: int) -> HttpResponse:
    """Ask for a reason, then look at the console as that member does."""
    if not request.user.has_perm("tracker.add_actingsession") or not isinstance(request.user, User):
        raise PermissionDenied("Your account may not act as a member.")
    rows = Membership.objects.unscoped(WHY).select_related("user", "tenant")
    member = rows.filter(pk=membership, user__is_staff=False).first()
    if member is None:
        raise Http404("no such member, or one of the staff")
    if request.method == "POST":
        try:
            begun = acting.begin(
                request.user, member, reason=request.POST.get("reason", ""), now=timezone.now()
            )
        except acting.NoReason as refusal:
            messages.error(request, str(refusal))
        else:
            _log(request, member, f"Acts as this member: {begun.reason}")
            request.session[SESSION_KEY] = begun.pk
            request.session.pop(ENVIRONMENT_KEY, None)
            return redirect("console")
    facts = site.each_context(request) | {"title": "Act as a member", "member": member}
    return render(request, "tracker/staff/act_as.html", facts)


def urls() -> list[URLPattern]:
    """What the staff's site adds to its addresses."""
    return [
        path("search/", site.admin_view(search_page), name="search"),
        path("features/", site.admin_view(features_page), name="features"),
        path("act-as/<int:membership>/", site.admin_view(act_as), name="act_as"),
    ]


site.pages.append(urls)


class Mapped(Facts):
    """Rows with a geometry, shown on the map that this installation serves itself."""

    geometry_field = ""

    class Media:
        css = {"all": ("vendor/maplibre-gl/dist/maplibre-gl.css", "css/admin_map.css")}

    @admin.display(description="map")
    def on_map(self, row: Any) -> str | SafeString:
        """The geometry, and beside it as text for whoever has no map."""
        geometry = getattr(row, self.geometry_field)
        if geometry is None:
            return "none"
        values = {
            "vendor": f"{settings.STATIC_URL}vendor/",
            "style_url": settings.MAP_STYLE_URL,
            "pmtiles": settings.MAP_PMTILES,
        }
        return format_html(
            '<div class="admin-map" data-geometry="{}" data-values="{}" role="region" aria-label="Map"></div>'
            '<details><summary>As text</summary><pre class="admin-map-text">{}</pre></details>',
            geometry.json, json.dumps(values), geometry.json[:4000],
        )  # fmt: skip


@admin.register(GeofenceShape, site=site)
class GeofenceShapeAdmin(Mapped):
    """Drawn and published borders of all environments."""

    geometry_field = "geometry"
    change_form_template = "tracker/staff/map_form.html"
    list_display = ("name", "kind", "environment", "made_at", "made_by")
    list_filter = ("kind",)
    list_select_related = ("environment__tenant", "made_by")
    search_fields = ("name",)
    fields = (
        "name",
        "kind",
        "environment",
        "on_map",
        "area_m2",
        "radius_m",
        "margin_m",
        "dwell_s",
        "made_at",
        "made_by",
    )
    readonly_fields = ("on_map",)


@admin.register(Trip, site=site)
class TripAdmin(Mapped):
    """Trips of all environments, with where they lead."""

    geometry_field = "destination"
    change_form_template = "tracker/staff/map_form.html"
    list_display = ("public_id", "external_id", "device", "environment", "started_at")
    list_select_related = ("environment__tenant", "device")
    search_fields = ("external_id__exact", "uid__exact")
    fields = ("public_id", "external_id", "environment", "device", "destination_name", "on_map", "started_at")
    readonly_fields = ("on_map",)


@admin.register(ActingSession, site=site)
class ActingSessionAdmin(Facts):
    """Who acted as whom, why, and whether they could change things."""

    list_display = ("began_at", "staff", "member", "tenant", "reason", "writes_reason", "ended_at", "ends_at")
    list_select_related = ("staff", "member", "tenant")
    search_fields = ("staff__email", "member__email", "tenant__name")


@admin.register(DataExport, site=site)
class DataExportAdmin(Facts):
    """Exports of all organisations; their files are the customers' and are not served here."""

    list_display = ("asked_at", "tenant", "state", "asked_by", "bytes", "expires_at", "trouble")
    list_filter = ("state",)
    list_select_related = ("tenant", "asked_by")
    search_fields = ("tenant__name",)
    fields = (
        "tenant",
        "state",
        "asked_by",
        "asked_at",
        "done",
        "bytes",
        "tries",
        "trouble",
        "ended_at",
        "expires_at",
    )


@admin.register(ErasureRequest, site=site)
class ErasureRequestAdmin(Facts):
    """What was ordered to be erased, and how far it is."""

    list_display = (
        "asked_at",
        "kind",
        "tenant",
        "due_at",
        "begun_at",
        "ended_at",
        "taken_back_at",
        "trouble",
    )
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant",)
