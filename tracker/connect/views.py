"""Connect a device: a tab per app, its QR code, the live check; and the profile GPSLogger loads."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from ingest_lambda.keys import BadKey, Kind, verify
from tracker.connect import selectors
from tracker.connect.apps import APPS, Place, SetUp, app_named, gpslogger_profile, is_private_host
from tracker.connect.qr import svg
from tracker.devices.references import LONGEST_EXTERNAL_ID
from tracker.http.console import ConsoleRequest, environment_required
from tracker.keys.selectors import a_publishable_text
from tracker.live.sight import require_whole
from tracker.tenants.models import Role

DEVICE_ID = "my-phone"
LOOKED_BACK = timedelta(minutes=30)


@require_safe
@environment_required()
def connect(request: ConsoleRequest) -> HttpResponse:
    """`app` chooses the tab, `device` the id the device shall report as."""
    key = a_publishable_text(request.environment)
    app, device = app_named(request.GET.get("app", "")), _device_id(request)
    set_up = app.set_up(Place(settings.BASE_URL.rstrip("/"), key or "", device))
    facts = {
        "key": key,
        "may_create_keys": request.membership.may(Role.ADMIN),
        "apps": APPS,
        "app": app,
        "device": device,
        "set_up": set_up,
        "code": _code(set_up) if key else "",
        "unreachable": is_private_host(settings.BASE_URL),
        "base_url": settings.BASE_URL,
        "live": {
            "socket": f"/ws/live/?environment={request.environment.public_id}",
            "countries": f"{settings.STATIC_URL}vendor/world-atlas/countries-50m.json",
            "device": device,
        },
    }
    return render(request, "tracker/connect/page.html", facts)


@require_safe
@environment_required()
def check(request: ConsoleRequest) -> HttpResponse:
    """Whether something came from the device in the last half hour, and why it was not kept."""
    require_whole(request.membership)
    since = timezone.now() - LOOKED_BACK
    answer = JsonResponse(selectors.first_fix(request.environment, _device_id(request), since=since))
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def profile(request: HttpRequest, key: str, device: str) -> HttpResponse:
    """GPSLogger's settings for a key and a device. They hold nothing the address does not hold."""
    try:
        known = verify(key, settings.KEY_SIGNING_SECRETS)
    except BadKey:
        raise Http404("no such key") from None
    if known.kind is not Kind.PUBLISHABLE or not _fits(device):
        raise Http404("no such profile")
    text = gpslogger_profile(Place(settings.BASE_URL.rstrip("/"), key, device))
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def _device_id(request: HttpRequest) -> str:
    wanted = request.GET.get("device", "").strip()
    return wanted if _fits(wanted) else DEVICE_ID


def _fits(device: str) -> bool:
    return 1 <= len(device) <= LONGEST_EXTERNAL_ID and device.isprintable()


def _code(set_up: SetUp) -> str:
    if not set_up.code:
        return ""
    try:
        return mark_safe(svg(set_up.code))  # noqa: S308 made of squares by the library, the text is only encoded
    except ValueError:  # a device id too long for a code: the link and the fields remain
        return ""
