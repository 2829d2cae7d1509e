"""The console's pages of shipments: the list, a new one, one with all that happened to it and can be done to it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.intake.by_hand import announce_typed
from dispatch.intake.delivering import zone_named
from dispatch.intake.doubts import doubt_of
from dispatch.shipments import selectors
from dispatch.shipments.authors import of_member
from dispatch.shipments.checks import BadCommand
from dispatch.shipments.console import listing, timeline
from dispatch.shipments.console.doing import do
from dispatch.shipments.console.forms import DEEDS, HubForm, NewShipmentForm
from dispatch.shipments.decide import legal
from dispatch.shipments.history import moot
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import Busy, SequenceMoved
from dispatch.shipments.transitions import IllegalTransition
from dispatch.tracking.links import url_for
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.http.times import BadMoment, parse_moment
from tracker.tenants.models import Role

PAGE = 50


@require_safe
@environment_required()
def shipments(request: ConsoleRequest) -> HttpResponse:
    """Shipments, the newest first, narrowed by state, hub, day and text."""
    sight = hubs_in_sight(request.membership, request.environment)
    hubs, now = listing.visible_hubs(request.environment, sight), timezone.now()
    wish = listing.wish_of(request.GET, hubs)
    rows = listing.listed(request.environment, sight, wish, now=now)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    counts = listing.counts(request.environment, sight, wish, now=now)
    facts = {
        "rows": [_row(row) for row in page.rows],
        "page": page,
        "wish": wish,
        "hubs": hubs,
        "tabs": _tabs(counts, wish),
        "any": bool(page.rows) or any(counts.values()),
        "may_act": request.membership.may(Role.SUPERVISOR),
        "switch_to": reverse("console_shipments"),
    }
    return render(request, "dispatch/shipments/list.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.SUPERVISOR)
def new(request: ConsoleRequest) -> HttpResponse:
    """Announce one by hand."""
    sight = hubs_in_sight(request.membership, request.environment)
    hubs = listing.visible_hubs(request.environment, sight)
    form = NewShipmentForm(request.POST or None, hubs=hubs, limited=sight is not None)
    if request.method == "POST" and form.is_valid():
        author = of_member(request.user)
        made = announce_typed(request.environment, form.texts(), hub=None, author=author, now=timezone.now())
        if made.public_id:
            for name, reason in made.warnings:
                label = form.fields[name].label if name in form.fields else name
                messages.warning(request, f"{label or name.capitalize()}: {reason}.")
            said = "It was there already, the same." if made.was_there else "Announced."
            messages.success(request, said)
            return redirect("console_shipment", made.public_id)
        for name, reason in made.faults:
            form.add_error(name if name in form.fields else None, f"{reason[:1].upper()}{reason[1:]}.")
    return render(request, "dispatch/shipments/new.html", {"form": form, "hubs": hubs})


@require_safe
@environment_required()
def shipment(request: ConsoleRequest, shipment_id: str) -> HttpResponse:
    """One shipment: what it is, what it was at a time, what happened, what can be done."""
    found = found_in_sight(request, shipment_id)
    zone = _zone(found)
    then, known = _moment(request.GET.get("at", ""), zone), request.GET.get("known") == "1"
    facts = _facts(request, found) | {"forms": _forms(request, found)}
    if request.GET.get("at"):
        facts |= {"then": then, "known": known, "asked": request.GET["at"][:40]}
        if then is not None:
            there = then.astimezone(zone)
            facts |= {
                "then_there": f"{there:%Y-%m-%d %H:%M:%S} {zone.key}",
                "then_typed": f"{there:%Y-%m-%dT%H:%M:%S}",
            }
            state = selectors.state_at(request.environment, found.shipment_id, then, then if known else None)
            facts |= {"past": state}
    return render(request, "dispatch/shipments/detail.html", facts)


@require_POST
@environment_required(Role.SUPERVISOR)
def act(request: ConsoleRequest, shipment_id: str, deed: str) -> HttpResponse:
    """Do something to it, unless something happened to it since the person looked."""
    found = found_in_sight(request, shipment_id)
    known = DEEDS.get(deed)
    if known is None:
        raise Http404("no such deed")
    form = known.form(request.POST, **_more(request, deed))
    if not form.is_valid():
        facts = _facts(request, found)
        forms = [
            one | ({"form": form, "open": True} if one["name"] == deed else {})
            for one in _forms(request, found)
        ]
        return render(request, "dispatch/shipments/detail.html", facts | {"forms": forms}, status=400)
    sequence = request.POST.get("sequence", "")
    zone = zone_named(found.hub.timezone if found.hub else "UTC")
    try:
        do(
            found, known.command(form.cleaned_data, zone), author=of_member(request.user), now=timezone.now(),
            expected_sequence=int(sequence) if sequence.isdecimal() and len(sequence) < 9 else None,
        )  # fmt: skip
        messages.success(request, f"Done: {known.label.lower()}.")
    except SequenceMoved:
        messages.error(
            request, "Nothing was done: something happened to the shipment since you looked. See below."
        )
    except (IllegalTransition, BadCommand, Busy) as refusal:
        messages.error(request, str(refusal))
    return redirect("console_shipment", shipment_id)


def found_in_sight(request: ConsoleRequest, shipment_id: str) -> ShipmentState:
    """The shipment, if the member may see its hub; else the 404."""
    sight = hubs_in_sight(request.membership, request.environment)
    found = selectors.shipment(request.environment, shipment_id, hubs=sight)
    if found is None:
        raise Http404("no such shipment")
    return found


def _facts(request: ConsoleRequest, found: ShipmentState) -> dict[str, Any]:
    zone = _zone(found)
    stored = selectors.events_of(request.environment, found.shipment_id)
    passed = moot(one.known for one in stored)
    events = [
        timeline.told(
            one.event, sequence=one.link.sequence, author=timeline.author_of(one.link.author),
            occurred_at=one.link.occurred_at, recorded_at=one.link.recorded_at, moot=one.link.sequence in passed,
            digest=one.hash, zone=zone,
        )
        for one in stored
    ]  # fmt: skip
    return {
        "row": found,
        "events": events[::-1],
        "zone": zone.key,
        "slots": timeline.slot_words(timeline.pairs(found.slots), zone),
        "failed_reason": timeline.reason_words(found.failed_reason),
        "size": timeline.size_words(found.size),
        "cash": timeline.money_words(found.cash_minor, found.currency),
        "collected": timeline.money_words(found.cash_collected_minor, found.currency),
        "doubt": doubt_of(request.environment.pk, found) if found.place_doubtful else "",
        "tracking": url_for(found.shipment),
        "evidence": _address("console_shipment_evidence", found.shipment.public_id),
        "may_act": request.membership.may(Role.SUPERVISOR),
        "switch_to": reverse("console_shipments"),
    }


def _forms(request: ConsoleRequest, found: ShipmentState) -> list[dict[str, Any]]:
    """What can be done now, each with its form."""
    if not request.membership.may(Role.SUPERVISOR):
        return []
    state = selectors.state_of(request.environment, found.shipment_id)
    names = [name for name in DEEDS if state is not None and name in legal(state)]
    return [
        {
            "name": name,
            "deed": DEEDS[name],
            "form": DEEDS[name].form(auto_id=f"{name}_%s", **_more(request, name)),
        }
        for name in names
    ]


def _more(request: ConsoleRequest, deed: str) -> dict[str, Any]:
    if DEEDS[deed].form is not HubForm:
        return {}
    sight = hubs_in_sight(request.membership, request.environment)
    return {"hubs": listing.visible_hubs(request.environment, sight)}


def _row(row: ShipmentState) -> dict[str, Any]:
    zone = zone_named(row.hub.timezone if row.hub else "UTC")
    return {
        "row": row,
        "slots": timeline.slot_words(timeline.pairs(row.slots), zone),
        "size": timeline.size_words(row.size),
    }


def _tabs(counts: dict[str, int], wish: listing.Wish) -> list[dict[str, Any]]:
    labels = [
        (listing.OPEN, "Open"),
        (listing.DOUBTFUL, "Doubtful place"),
        *ShipmentState.State.choices,
        (listing.ALL, "All"),
    ]
    return [
        {"show": show, "label": label, "count": counts.get(show), "current": wish.show == show}
        for show, label in labels
    ]


def _zone(found: ShipmentState) -> ZoneInfo:
    return zone_named(found.hub.timezone if found.hub else "UTC")


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What was typed, on the hub's clock where it names no other."""
    try:
        typed = datetime.fromisoformat(text)
        found = parse_moment(text) if typed.tzinfo else typed.replace(tzinfo=zone).astimezone(UTC)
        found.astimezone(zone)
    except (BadMoment, ValueError, OverflowError):
        return None
    return found


def _address(name: str, *args: str) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
