"""The console's side of the unit doctor: set the unit a device's speeds are in, or say that all is well."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from tracker.devices.models import Device, SpeedUnit, UnitFinding
from tracker.devices.selectors import find_device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import may_see
from tracker.tenants.models import Role
from tracker.units import services
from tracker.units.selectors import finding_of
from tracker.units.stated import form_of, stated_unit


@require_http_methods(["GET", "POST"])
@environment_required(Role.SUPERVISOR)
def speed_unit(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """POST `unit` sets it ("" is the app's own); POST `dismiss` puts the doctor's finding aside."""
    now = timezone.now()
    device = find_device(request.environment, device_id, now=now)
    if device is None or device.public_id != device_id or not may_see(request.membership, device):
        raise Http404("no such device")
    unit = request.POST.get("unit", "")
    if request.method == "POST" and "dismiss" in request.POST:
        services.dismiss(device, now=now)
        messages.info(request, "Noted: its speeds are right as they are.")
    elif request.method == "POST" and unit in {"", *SpeedUnit.values}:
        services.set_speed_unit(device, unit, now=now)
        read_as = SpeedUnit(unit or stated_unit(device.wire_format)).label
        messages.success(request, f"From now on its speeds are read as {read_as}.")
    elif request.method == "POST":
        messages.error(request, "Choose one of the units in the list.")
    return redirect("console_device", device_id=device.public_id)


def speed_facts(device: Device) -> dict[str, Any]:
    """What the device page's card about speed shows."""
    finding = finding_of(device)
    stated = SpeedUnit(stated_unit(device.wire_format))
    return {
        "finding": finding,
        "finding_words": _in_words(finding) if finding else "",
        "likely": SpeedUnit(finding.likely_unit) if finding else None,
        "stated": stated,
        "form": form_of(device.wire_format),
        "speed_units": [("", f"as its app states ({stated.label})"), *SpeedUnit.choices],
    }


def _in_words(finding: UnitFinding) -> str:
    likely, read_as = SpeedUnit(finding.likely_unit).label, SpeedUnit(finding.stated_unit).label
    return (
        f"This device sends {likely} in a field that is read as {read_as}: over {finding.samples} legs the speed it "
        f"reports is {finding.ratio:.2f} times the distance it travels in the time."
    )
