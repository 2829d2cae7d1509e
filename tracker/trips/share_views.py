"""The pages behind a link to a trip: whole, to embed, and their state as JSON. Open to whoever has the link.

No cookie is set or needed, nothing is kept on the way, no address leaves with a referrer, no search engine lists it.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from tracker.http.security import content_security_policy
from tracker.trips.doorstep import Shown, TooManyTries, shown
from tracker.trips.shares import count_view

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
WAIT_S = "60"


@require_safe
def share(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a link."""
    return _page(request, token, embedded=False)


@require_safe
@xframe_options_exempt
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """The same for a frame in anybody's page: this one address may be framed, and holds no button to be lured onto."""
    return _page(request, token, embedded=True)


@transaction.non_atomic_requests
@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """What the page shows, as JSON, to be asked for every few seconds; unchanged is a 304."""
    try:
        found = shown(request, token, now=timezone.now())
    except TooManyTries:
        return HttpResponse(status=429, headers=PRIVATE | {"Retry-After": WAIT_S})
    if found is None:
        return HttpResponse(b'{"state":"gone"}', status=404, content_type="application/json", headers=PRIVATE)
    headers = PRIVATE | {"ETag": found.etag}
    if request.headers.get("If-None-Match") == found.etag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(found.body, content_type="application/json", headers=headers)


def _page(request: HttpRequest, token: str, *, embedded: bool) -> HttpResponse:
    now = timezone.now()
    try:
        found = shown(request, token, now=now)
    except TooManyTries:
        answer = _gone(request, embedded, tries=True)
        answer.headers["Retry-After"] = WAIT_S
        return answer
    if found is None:
        return _gone(request, embedded)
    if request.method == "GET":
        count_view(found.share_id, now=now)
    return _private(render(request, "tracker/trips/share.html", _facts(found, token, embedded)), embedded)


def _gone(request: HttpRequest, embedded: bool, *, tries: bool = False) -> HttpResponse:
    """One page for every link that shows nothing: it tells nobody whether there ever was such a one."""
    facts = {"embedded": embedded, "tries": tries}
    answer = render(request, "tracker/trips/share_gone.html", facts, status=429 if tries else 404)
    return _private(answer, embedded)


def _facts(found: Shown, token: str, embedded: bool) -> dict[str, Any]:
    facts = found.facts
    moments = {
        name: parse_datetime(facts[name])
        for name in ("eta_at", "eta_latest_at", "arrived_at")
        if name in facts
    }
    values = {
        "state_url": reverse("trip_state", args=[token]),
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
        "shown": facts,
    }
    return {"facts": facts, "moments": moments, "values": values, "embedded": embedded}


def _private(answer: HttpResponse, embedded: bool) -> HttpResponse:
    for name, value in PRIVATE.items():
        answer.headers[name] = value
    if embedded:
        answer.headers["Content-Security-Policy"] = content_security_policy().replace(
            "frame-ancestors 'none'", "frame-ancestors *"
        )
    return answer
