"""The devices pages of the console: list, one device, its name and metadata, its end."""

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.audit.services import note
from tracker.certificates.card import card
from tracker.console.paging import newest_first
from tracker.devices.forms import DeviceForm
from tracker.devices.listing import devices_matching
from tracker.devices.models import Device, DeviceState
from tracker.devices.schemas import standing_of
from tracker.devices.services import delete_device, update_device
from tracker.devices.status import Status
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live import sight
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Role
from tracker.units.views import speed_facts

PAGE = 50


@require_safe
@environment_required()
def devices(request: ConsoleRequest) -> HttpResponse:
    """Devices, newest first; `q` searches names and external ids, `status` narrows."""
    now = timezone.now()
    text = request.GET.get("q", "").replace("\x00", "").strip()
    wanted = request.GET.get("status", "")
    status = Status(wanted) if wanted in set(Status) else None
    rows = devices_matching(request.environment, text=text, status=status, now=now)
    rows = sight.in_sight(rows, sight.sight_of(request.membership, request.environment))
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    facts = {
        "rows": [_row(device, now) for device in page.rows],
        "page": page,
        "text": text,
        "status": status or "",
        "statuses": [Status.ACTIVE, Status.RISK, Status.IDLE, Status.OFFLINE, Status.WAITING],
    }
    return render(request, "tracker/devices/list.html", facts)


@require_safe
@environment_required()
def device(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """One device's facts; supervisors find the form for its name and metadata beside them."""
    found = _device(request, device_id)
    return _detail(request, found, DeviceForm(initial=_initial(found)))


@require_http_methods(["GET", "POST"])
@environment_required(Role.SUPERVISOR)
def edit(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """Set a device's name and metadata."""
    found = _device(request, device_id)
    if request.method == "GET":
        return redirect("console_device", device_id=found.public_id)
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _detail(request, found, form)
    before = {"name": found.name, "metadata": found.metadata}
    after = {name: form.cleaned_data[name] for name in before}
    update_device(found, name=after["name"], metadata=after["metadata"])
    note(request, "device.edit", found.public_id, before, after)
    messages.success(request, "Saved.")
    return redirect("console_device", device_id=found.public_id)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def delete(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """Ask once, then forget the device and its history."""
    found = _device(request, device_id)
    if request.method == "GET":
        facts = {"device": found, "switch_to": reverse("console_devices")}
        return render(request, "tracker/devices/delete.html", facts)
    if delete_device(found, now=timezone.now()):
        facts = {"external_id": found.external_id, "name": found.name}
        note(request, "device.delete", found.public_id, facts, None)
        messages.success(request, f"{found} and its history are deleted.")
    return redirect("console_devices")


def _detail(request: ConsoleRequest, found: Device, form: DeviceForm) -> HttpResponse:
    facts = _row(found, timezone.now()) | {
        "form": form,
        "may_edit": request.membership.may(Role.SUPERVISOR),
        "may_delete": request.membership.may(Role.ADMIN),
        "metadata": _initial(found)["metadata"],
        "speed": speed_facts(found),
        "certificates": card(found, now=timezone.now(), may_manage=request.membership.may(Role.ADMIN)),
        "switch_to": reverse("console_devices"),
    }
    return render(request, "tracker/devices/detail.html", facts)


def _row(device: Device, now: datetime) -> dict[str, Any]:
    """A device with its last position (None before the first) and its status."""
    state: DeviceState | None = getattr(device, "state", None)
    return {"device": device, "state": state, "status": standing_of(device, now=now).value}


def _initial(device: Device) -> dict[str, str]:
    text = json.dumps(device.metadata, indent=2, ensure_ascii=False) if device.metadata else ""
    return {"name": device.name, "metadata": text}


def _device(request: ConsoleRequest, device_id: str) -> Device:
    try:
        uid = parse_id("dev", device_id)
    except BadIdentifier:
        raise Http404("no such device") from None
    rows = devices_matching(request.environment, now=timezone.now()).filter(uid=uid)
    found = sight.in_sight(rows, sight.sight_of(request.membership, request.environment)).first()
    if found is None:
        raise Http404("no such device")
    return found
