"""Certificates on the device's page: issue, download, revoke."""

import base64

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.audit.services import note
from tracker.certificates.authority import BadRequestForCertificate
from tracker.certificates.broker_files import NoAuthority
from tracker.certificates.bundle import archive, publish_line
from tracker.certificates.forms import CertificateForm
from tracker.certificates.models import DeviceCertificate
from tracker.certificates.selectors import certificate_pem, find_certificate
from tracker.certificates.services import (
    MOST_IN_FORCE,
    Issued,
    NoSuchDevice,
    TooManyInForce,
    issue_certificate,
    revoke_certificate,
)
from tracker.devices.models import Device
from tracker.devices.selectors import find_device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import may_see
from tracker.tenants.models import Environment, Role


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def issue(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """Issue one and show its private key in the answer itself; nothing keeps a copy of it."""
    device, now = _device(request.environment, device_id), timezone.now()
    if request.method == "GET":
        return redirect("console_device", device_id=device.public_id)
    form = CertificateForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["csr"].strip()
        try:
            issued = issue_certificate(device, by=request.user, now=now, request=text.encode() or None)
        except (BadRequestForCertificate, TooManyInForce, NoSuchDevice, NoAuthority) as error:
            form.add_error("csr" if isinstance(error, BadRequestForCertificate) else None, _words(error))
        else:
            note(request, "certificate.issue", device.public_id, None, {"own request": bool(text)})
            return _show_once(request, issued)
    facts = {"device": device, "form": form, "switch_to": reverse("console_devices")}
    return render(request, "tracker/certificates/refused.html", facts, status=400)


@require_safe
@environment_required()
def download(request: ConsoleRequest, device_id: str, certificate_id: str) -> HttpResponse:
    """The certificate as a file, without its private key."""
    row = _certificate(request.environment, device_id, certificate_id)
    if not may_see(request.membership, row.device):
        raise Http404("no such certificate")
    name = f"{row.device.public_id}-{row.serial[:8]}.crt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(certificate_pem(row), content_type="application/x-pem-file", headers=headers)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def revoke(request: ConsoleRequest, device_id: str, certificate_id: str) -> HttpResponse:
    """Ask once, then end the certificate for good."""
    row = _certificate(request.environment, device_id, certificate_id)
    if request.method == "GET":
        facts = {"row": row, "device": row.device, "switch_to": reverse("console_devices")}
        return render(request, "tracker/certificates/revoke.html", facts)
    if revoke_certificate(row, by=request.user, now=timezone.now()):
        messages.success(request, f"The certificate {row.serial[:8]} is revoked and its connection is cut.")
    else:
        messages.info(request, f"The certificate {row.serial[:8]} was revoked before.")
    return redirect("console_device", device_id=row.device.public_id)


def _show_once(request: ConsoleRequest, issued: Issued) -> HttpResponse:
    device = issued.row.device
    facts = {
        "issued": issued,
        "device": device,
        "private_key": (issued.private_key or b"").decode(),
        "certificate": issued.certificate.decode(),
        "archive": base64.b64encode(archive(issued)).decode(),
        "publish": publish_line(device.public_id),
        "switch_to": reverse("console_devices"),
    }
    response = render(request, "tracker/certificates/issued.html", facts)
    response.headers["Cache-Control"] = "no-store"
    return response


def _words(error: Exception) -> str:
    if isinstance(error, BadRequestForCertificate):
        return f"This {error}."
    if isinstance(error, TooManyInForce):
        return f"The device holds {MOST_IN_FORCE} certificates in force. Revoke one first."
    if isinstance(error, NoSuchDevice):
        return "The device was deleted meanwhile."
    return "This installation has no certificate authority, so it issues no certificates."


def _device(environment: Environment, device_id: str) -> Device:
    found = find_device(environment, device_id, now=timezone.now())
    if found is None or found.public_id != device_id:
        raise Http404("no such device")
    return found


def _certificate(environment: Environment, device_id: str, certificate_id: str) -> DeviceCertificate:
    row = find_certificate(_device(environment, device_id), certificate_id)
    if row is None:
        raise Http404("no such certificate")
    return row
