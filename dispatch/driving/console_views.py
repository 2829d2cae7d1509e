"""The driver's phone in the console: give a link, see the phone, sign it out, look at proofs."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from dispatch.driving import selectors
from dispatch.driving.proofs import as_answer, content_of
from dispatch.driving.sessions import LINK_LASTS, create_link, end_links, end_sessions
from dispatch.fleet.models import Driver
from dispatch.fleet.sight import hubs_in_sight
from tracker.archive.shelf import NotThere
from tracker.audit.services import note
from tracker.connect.qr import svg
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Role

LOOKED_BACK = timedelta(days=7)


@require_safe
@environment_required(Role.SUPERVISOR)
def phone(request: ConsoleRequest, driver: str) -> HttpResponse:
    """Which phone is signed in, and what it did that could not be taken."""
    return _page(request, _driver(request, driver))


@require_POST
@environment_required(Role.SUPERVISOR)
def new_link(request: ConsoleRequest, driver: str) -> HttpResponse:
    """A link and its QR code, shown once."""
    whose = _driver(request, driver)
    _, address = create_link(whose, by=request.user, now=timezone.now())
    note(request, "driver.link", whose.public_id)
    return _page(request, whose, address)


@require_POST
@environment_required(Role.SUPERVISOR)
def revoke(request: ConsoleRequest, driver: str) -> HttpResponse:
    """Sign the phone out and end links that are out."""
    whose, now = _driver(request, driver), timezone.now()
    ended = end_sessions(whose, reason=f"signed out by {request.user}"[:100], now=now) + end_links(
        whose, now=now
    )
    if ended:
        messages.success(request, f"{whose}'s phone is signed out, and no link works any more.")
    return redirect("console_driver_phone", whose.public_id)


@require_safe
@environment_required()
def proof(request: ConsoleRequest, proof: str) -> HttpResponse:
    """The photo or signature itself; in a sandbox, for a browser must not take it for anything else."""
    found = selectors.proof_of(request.environment.pk, proof)
    if found is None or not _in_sight(request, found.driver):
        raise Http404
    try:
        return as_answer(found, content_of(found))
    except (NotThere, OSError):
        raise Http404("The bytes of this proof are not where they were put.") from None


def _page(request: ConsoleRequest, driver: Driver, address: str = "") -> HttpResponse:
    now = timezone.now()
    facts = {
        "driver": driver,
        "phone": selectors.phone_of(driver),
        "link": selectors.open_link_of(driver, now=now),
        "address": address,
        "code": mark_safe(svg(address)) if address else "",  # noqa: S308  drawn here
        "lasts_h": LINK_LASTS // timedelta(hours=1),
        "refused": selectors.refused_actions(driver, since=now - LOOKED_BACK),
    }
    answer = render(request, "dispatch/driving/phone.html", facts)
    if address:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _driver(request: ConsoleRequest, reference: str) -> Driver:
    try:
        uid = parse_id("drv", reference)
    except BadIdentifier:
        raise Http404 from None
    rows = Driver.objects.for_environment(request.environment).select_related("hub")
    found = rows.filter(uid=uid, retired_at=None).first()
    if found is None or not _in_sight(request, found):
        raise Http404
    return found


def _in_sight(request: ConsoleRequest, driver: Driver | None) -> bool:
    hubs = hubs_in_sight(request.membership, request.environment)
    return hubs is None or (driver is not None and driver.hub_id in hubs)
