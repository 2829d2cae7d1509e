"""The map page, one device's track of today for it, and the basemap file a self-hoster dropped in."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.devices.models import Device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live import selectors
from tracker.live.sight import in_sight, is_limited, sight_of
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Role

RANGE_MAX = 16 * 1024 * 1024  # a reader of .pmtiles asks for kilobytes


@require_safe
@environment_required()
def map_page(request: ConsoleRequest) -> HttpResponse:
    """The live map of the environment in hand."""
    facts = {"map": _page_values(request), "elsewhere": selectors.busy_elsewhere(request.environment)}
    return render(request, "tracker/live/map.html", facts)


def _page_values(request: ConsoleRequest) -> dict[str, Any]:
    """What the page's script is told; it has no other source."""
    return {
        "environment": request.environment.public_id,
        "socket": f"/ws/live/?environment={request.environment.public_id}",
        "track": reverse("map_track", args=["DEVICE"]),
        "day": reverse("map_day", args=["DEVICE"]),
        "as_known": reverse("map_as_known"),
        "geofences": reverse("map_geofences"),
        "geofence_page": reverse("console_geofence", args=["GEOFENCE"]),
        "alerts": reverse("map_alerts"),
        "acknowledge": reverse("map_alert_acknowledge", args=["ALERT"]),
        "may_acknowledge": request.membership.may(Role.SUPERVISOR),
        "limited": is_limited(request.membership),
        "csrf": get_token(request),
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
    }


@require_safe
@environment_required()
def device_track(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """A device's accepted positions since midnight of `?tz=` (IANA name), as a GeoJSON Feature."""
    now = timezone.now()
    try:
        uid = parse_id("dev", device_id)
    except BadIdentifier:
        raise Http404("no such device") from None
    devices = Device.objects.for_environment(request.environment).filter(uid=uid, deleted_at=None)
    if not in_sight(devices, sight_of(request.membership, request.environment)).exists():
        raise Http404("no such device")
    track = selectors.track_of(request.environment.pk, uid, day_start(request.GET.get("tz"), now=now), now)
    if track is None:
        raise Http404("no such device")
    return JsonResponse(track, headers={"Cache-Control": "no-store"}, content_type="application/geo+json")


def day_start(zone: str | None, *, now: datetime) -> datetime:
    """The midnight before `now` in that zone; in UTC when the name is missing or unknown."""
    try:
        local = now.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = now.astimezone(ZoneInfo("UTC"))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


@require_safe
@login_required
def basemap_file(request: HttpRequest) -> HttpResponseBase:
    """The `.pmtiles` of the setting, by byte range; the front may take this address over."""
    path = Path(settings.MAP_PMTILES)
    if not settings.MAP_PMTILES or not path.is_file():
        raise Http404("no basemap file is set")
    size = path.stat().st_size
    wanted = parse_range(request.headers.get("Range", ""), size)
    if wanted is None:
        return FileResponse(path.open("rb"), content_type="application/octet-stream")
    first, last = wanted
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Accept-Ranges": "bytes"}
    return HttpResponse(
        b"".join(_read(path, first, last)),
        status=206,
        headers=headers,
        content_type="application/octet-stream",
    )


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) of a `bytes=first-last` header, cut to the file and 16 MiB; None for any other form."""
    unit, _, span = header.partition("=")
    first_text, _, last_text = span.partition("-")
    if unit != "bytes" or not first_text.isascii() or not first_text.isdigit():
        return None
    first = int(first_text)
    last = int(last_text) if last_text.isascii() and last_text.isdigit() else size - 1
    last = min(last, size - 1, first + RANGE_MAX - 1)
    return (first, last) if first <= last else None


def _read(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        yield file.read(last - first + 1)
