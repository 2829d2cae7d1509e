"""The evidence pack as a download from the console."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.shipments.evidence.api import as_file
from dispatch.shipments.evidence.packing import NoEvents, pack
from dispatch.shipments.selectors import shipment
from tracker.http.console import ConsoleRequest, environment_required


@require_safe
@environment_required()
def evidence(request: ConsoleRequest, shipment_id: str) -> HttpResponse:
    """The pack of a shipment in sight."""
    sight = hubs_in_sight(request.membership, request.environment)
    found = shipment(request.environment, shipment_id, hubs=sight)
    if found is None:
        raise Http404
    try:
        content = pack(request.environment.pk, found.pk, now=timezone.now())
    except NoEvents:
        raise Http404 from None
    return as_file(content, found.shipment.public_id)
