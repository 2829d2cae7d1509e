"""The customer's page: whole, its changing part alone, and the two things a customer may do there.

Open to whoever has the link. No cookie is set or needed, so there is nothing another site could make a browser send;
nothing is kept on the way, no address leaves with a referrer, no search engine lists it.
"""

import hashlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from dispatch.driving.codes import code_for
from dispatch.shipments.transitions import IllegalTransition
from dispatch.tracking import services
from dispatch.tracking.languages import LANGUAGES, language_for
from dispatch.tracking.looking import Look, look
from dispatch.tracking.offers import Slot
from dispatch.tracking.saying import clock, place_text, said, slot_text
from dispatch.tracking.words import SENTENCES, say
from tracker.tenants import scope

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
DONE = frozenset({"note_kept", "moved"})
MISTAKES = frozenset({"note_long", "move_over", "too_late", "too_many"})
POLL_S = 10


@transaction.non_atomic_requests
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a link."""
    now = timezone.now()
    found = look(token, now=now, fresh="said" in request.GET)
    language = _language(request, found)
    if found is None:
        words = {"words": SENTENCES[language], "language": language}
        return _private(render(request, "dispatch/tracking/gone.html", words, status=404))
    facts = _facts(found, token, language, now) | _forms(found, language, now) | _outcome(request, language)
    return _private(render(request, "dispatch/tracking/page.html", facts))


@transaction.non_atomic_requests
@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that changes, to be asked for every few seconds; unchanged is a 304."""
    now = timezone.now()
    found = look(token, now=now)
    if found is None:
        return _private(HttpResponse(status=404))
    facts = _facts(found, token, _language(request, found), now)
    body = render_to_string("dispatch/tracking/state.html", facts).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == tag:
        return _private(HttpResponse(status=304, headers={"ETag": tag}))
    return _private(HttpResponse(body, headers={"ETag": tag}))


@csrf_exempt
@require_POST
def note(request: HttpRequest, token: str) -> HttpResponse:
    """Leave a note for the driver."""
    now = timezone.now()
    found = look(token, now=now, fresh=True)
    if found is None or not found.glance.may_note:
        return _back(request, token, "too_late")
    text = " ".join(request.POST.get("note", "").replace("\x00", "").split())
    if len(text) > services.LONGEST_NOTE:
        return _back(request, token, "note_long")
    scope.enter(environment_id=found.opened.environment_id)
    try:
        services.leave_note(found, text, now=now)
    except services.TooManyChanges:
        return _back(request, token, "too_many")
    except IllegalTransition:
        return _back(request, token, "too_late")
    return _back(request, token, "note_kept")


@csrf_exempt
@require_POST
def slot(request: HttpRequest, token: str) -> HttpResponse:
    """Choose another time."""
    now = timezone.now()
    found = look(token, now=now, fresh=True)
    if found is None or not found.glance.may_move:
        return _back(request, token, "too_late")
    try:
        begin = parse_datetime(request.POST.get("slot", ""))
    except ValueError:
        begin = None
    if begin is None or begin.tzinfo is None:
        return _back(request, token, "move_over")
    scope.enter(environment_id=found.opened.environment_id)
    try:
        services.choose_slot(found, begin, now=now)
    except services.NotOffered:
        return _back(request, token, "move_over")
    except services.TooManyChanges:
        return _back(request, token, "too_many")
    except IllegalTransition:
        return _back(request, token, "too_late")
    return _back(request, token, "moved")


def _facts(found: Look, token: str, language: str, now: datetime) -> dict[str, Any]:
    """What the changing part of the page says."""
    zone, shown = services.zone_of(found), found.glance
    return {
        "shown": shown,
        "said": said(shown, language, zone, now=now),
        "words": SENTENCES[language],
        "language": language,
        "token": token,
        "brand": say(language, "from", brand=shown.brand) if shown.brand else "",
        "reference": say(language, "reference", reference=shown.reference) if shown.reference else "",
        "code": code_for(found.opened.shipment_uid) if shown.shows_code else "",
        "seen_at": place_text(shown.place, language, zone) if shown.place else "",
        "updated": say(language, "updated", time=clock(now.astimezone(zone))),
        "map": _map(shown.place, shown.destination),
    }


def _map(place: dict[str, Any] | None, destination: dict[str, float] | None) -> dict[str, Any]:
    return {"position": place, "destination": destination} if place else {}


def _forms(found: Look, language: str, now: datetime) -> dict[str, Any]:
    """What may be done, what was just done, and what the script needs."""
    slots = services.offers(found, now=now)
    zone = services.zone_of(found)
    return {
        "slots": [_option(one, language, zone, now) for one in slots],
        "languages": LANGUAGES,
        "values": {
            "vendor": f"{settings.STATIC_URL}vendor/",
            "style_url": settings.MAP_STYLE_URL,
            "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
            "poll_s": 0 if found.glance.over else POLL_S,
        },
    }


def _outcome(request: HttpRequest, language: str) -> dict[str, str]:
    """What came of the form that was just sent."""
    what = request.GET.get("said", "")
    if what in DONE:
        return {"done": say(language, what)}
    return {"mistake": say(language, what, count="> 500")} if what in MISTAKES else {}


def _option(slot: Slot, language: str, zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    return slot[0].isoformat(), slot_text(slot, language, zone, now=now, sentence="offer")


def _language(request: HttpRequest, found: Look | None) -> str:
    """What they chose on the page, what the shipment says, what the browser says, what the sender speaks."""
    wishes = [request.GET.get("lang", ""), found.seen.language if found else ""]
    wishes += [request.headers.get("Accept-Language", ""), found.rules.language if found else ""]
    return language_for(*wishes)


def _back(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """To the page again, which says what came of it; a reload then does nothing twice."""
    language = language_for(request.POST.get("lang", ""))
    asked = f"?said={what}" + (f"&lang={language}" if request.POST.get("lang") else "")
    return _private(redirect(reverse("customer_page", args=[token]) + asked))


def _private(answer: HttpResponse) -> HttpResponse:
    for name, value in PRIVATE.items():
        answer.headers[name] = value
    return answer
