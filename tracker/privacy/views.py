"""The page about an organisation's data: exports, erasures, and what stays for how long."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.audit.services import note
from tracker.devices.models import Device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.privacy import registry, selectors, services
from tracker.privacy.forms import DeviceForm, EraseDeviceForm, EraseTenantForm
from tracker.privacy.making import folder
from tracker.tenants.models import Role

UNKNOWN = "No device of this environment reports under this id."


@require_safe
@environment_required(Role.ADMIN)
def data(request: ConsoleRequest) -> HttpResponse:
    """What can be taken along, what can be erased, what stays."""
    return _page(request)


@require_POST
@environment_required(Role.ADMIN)
def export(request: ConsoleRequest) -> HttpResponse:
    """Ask for an export of everything, or of one device."""
    device, form = None, None
    if request.POST.get("device"):
        form = DeviceForm(request.POST, prefix=None)
        device = _device(request, form)
        if device is None:
            return _page(request, export_form=form)
    try:
        services.ask_export(request.environment.tenant, by=request.user, now=timezone.now(), device=device)
    except services.AlreadyAsked as refusal:
        messages.error(request, str(refusal))
    else:
        note(request, "data.export", device.public_id if device else "everything")
        messages.success(request, "The export is being made. It appears here when it is ready.")
    return redirect("console_data")


@require_safe
@environment_required(Role.ADMIN)
def download(request: ConsoleRequest) -> HttpResponseBase:
    """The file of an export that is ready; each download is on record."""
    found = selectors.ready_export(request.environment.tenant_id, request.GET.get("export", ""))
    if found is None:
        raise Http404("no such export, or it is past its week")
    try:
        file = (folder() / found.file).open("rb")
    except FileNotFoundError:
        raise Http404("the file of this export is gone: ask for another one") from None
    note(request, "data.download", found.public_id)
    answer = FileResponse(
        file,
        as_attachment=True,
        filename=f"milepost-{found.asked_at:%Y-%m-%d}.zip",
        content_type="application/zip",
    )
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def erase_device(request: ConsoleRequest) -> HttpResponse:
    """Erase a device of the environment in hand."""
    if request.method == "GET":
        return redirect("console_data")
    form = EraseDeviceForm(request.POST, prefix="erase")
    device = _device(request, form)
    if device is None:
        return _page(request, device_form=form)
    tenant = request.environment.tenant
    try:
        services.erase_device(device, tenant=tenant, by=request.user, now=timezone.now())
    except services.AlreadyAsked as refusal:
        messages.error(request, str(refusal))
    else:
        note(request, "device.erase", device.public_id)
        messages.success(request, f"{device} is being erased. It takes a few minutes.")
    return redirect("console_data")


@require_http_methods(["GET", "POST"])
@environment_required(Role.OWNER)
def erase_tenant(request: ConsoleRequest) -> HttpResponse:
    """Erase the whole organisation, after its days of grace."""
    if request.method == "GET":
        return redirect("console_data")
    tenant = request.environment.tenant
    form = EraseTenantForm(request.POST, prefix="tenant", name=tenant.name)
    if not form.is_valid():
        return _page(request, tenant_form=form)
    try:
        order = services.erase_tenant(tenant, by=request.user, now=timezone.now())
    except services.AlreadyAsked as refusal:
        messages.error(request, str(refusal))
    else:
        note(request, "tenant.erase", tenant.public_id, after={"due_at": order.due_at.isoformat()})
        messages.warning(
            request,
            f"All keys are refused from now on. Everything is erased on {order.due_at:%Y-%m-%d at %H:%M} UTC.",
        )
    return redirect("console_data")


@require_POST
@environment_required(Role.OWNER)
def take_back(request: ConsoleRequest) -> HttpResponse:
    """Take the erasure of the organisation back."""
    order = selectors.open_tenant_erasure(request.environment.tenant_id)
    if order is not None and services.take_back(order, now=timezone.now()):
        note(request, "tenant.erase_taken_back", request.environment.tenant.public_id)
        messages.success(request, "The erasure is taken back. Keys and certificates are let in again.")
    else:
        messages.error(request, "There is no erasure that can still be taken back.")
    return redirect("console_data")


def _device(request: ConsoleRequest, form: DeviceForm) -> Device | None:
    """The device a valid form names; else the form says what is wrong."""
    if not form.is_valid():
        return None
    rows = Device.objects.for_environment(request.environment)
    found = rows.filter(external_id=form.cleaned_data["device"]).first()
    if found is None:
        form.add_error("device", UNKNOWN)
    return found


def _page(
    request: ConsoleRequest,
    *,
    export_form: DeviceForm | None = None,
    device_form: EraseDeviceForm | None = None,
    tenant_form: EraseTenantForm | None = None,
) -> HttpResponse:
    tenant = request.environment.tenant
    facts = {
        "exports": selectors.exports_of(tenant.pk),
        "erasures": selectors.erasures_of(tenant.pk),
        "leaving": selectors.open_tenant_erasure(tenant.pk),
        "export_form": export_form or DeviceForm(),
        "device_form": device_form or EraseDeviceForm(prefix="erase"),
        "tenant_form": tenant_form or EraseTenantForm(prefix="tenant", name=tenant.name),
        "is_owner": request.membership.may(Role.OWNER),
        "kept": registry.kept_tables(),
        "grace_days": services.GRACE.days,
        "switch_to": "/console/data/",
    }
    return render(request, "tracker/privacy/data.html", facts)
