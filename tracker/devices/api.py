"""`/api/v1/devices`: list, look at, rename and describe, delete."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.devices.changes import change_in
from tracker.devices.models import Device
from tracker.devices.references import LONGEST_EXTERNAL_ID
from tracker.devices.schemas import DeviceChange, DeviceDocument, DevicePage, device_document
from tracker.devices.selectors import devices_after, find_device
from tracker.devices.services import change_device, delete_device
from tracker.devices.status import Status
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import object_of
from tracker.http.problems import not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, at, problems

DEVICE = OpenApiParameter(
    "device",
    str,
    "path",
    description="`dev_…`, or `external:` and the `device_id` its owner sends, percent-encoded. An external id "
    "may hold slashes. One that ends in `/positions`, `/history`, `/daily-lines` or `/certificates` cannot be told "
    "from those addresses: use the `dev_…` id, which `GET /api/v1/devices?external_id=` finds.",
)
FILTERS = [
    OpenApiParameter("status", str, enum=list(Status), description="Only devices in this status now."),
    OpenApiParameter(
        "q", str, description="Only devices whose name or external id contains this, in any case."
    ),
    OpenApiParameter("external_id", str, description="Only the device with exactly this external id."),
    at(
        "updated_since",
        "Only devices that were registered, or had a position stored, at or after this time. Changes of name "
        "and metadata do not count. When polling, ask from a minute before your last call: what is being "
        "stored at this moment may carry a time slightly in the past.",
    ),
]


class Devices(Endpoint):
    """All devices of the environment."""

    @extend_schema(
        operation_id="list_devices",
        summary="List devices",
        tags=["Devices"],
        parameters=[*FILTERS, LIMIT, CURSOR],
        responses=problems(DevicePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Devices with their latest position, in the order they were registered. Deleted ones are not among them."""
        query = Query(request, "status", "q", "external_id", "updated_since", "limit", "cursor")
        environment, now, limit = request.environment, timezone.now(), limit_of(query)
        list_name = f"devices:{environment.pk}"
        found = devices_after(
            environment,
            after=place_in(list_name, query, uuid.UUID),
            limit=limit + 1,
            now=now,
            text=query.text("q", longest=LONGEST_EXTERNAL_ID),
            external_id=query.text("external_id", longest=LONGEST_EXTERNAL_ID),
            status=query.choice("status", list(Status)),
            updated_since=query.moment("updated_since"),
        )
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].uid) if more else None
        return Response(DevicePage([device_document(device, now=now) for device in found], cursor))


class OneDevice(Endpoint):
    """A device."""

    @extend_schema(
        operation_id="get_device",
        summary="Look at a device",
        tags=["Devices"],
        parameters=[DEVICE],
        responses=problems(DeviceDocument, 404),
    )
    def get(self, request: ApiRequest, device: str) -> Response:
        """A device with its latest position."""
        Query(request)
        now = timezone.now()
        return Response(device_document(device_or_404(request, device), now=now))

    @extend_schema(
        operation_id="update_device",
        summary="Rename or describe a device",
        tags=["Devices"],
        parameters=[DEVICE],
        request=DeviceChange,
        responses=problems(DeviceDocument, 404, 413, 415),
    )
    def patch(self, request: ApiRequest, device: str) -> Response:
        """Change the name, the metadata or the unit of its speeds. Open maps show a new name at once.

        Metadata is merged by its keys, so that two programs that keep different keys do not overwrite each
        other. U+0000, which cannot be stored, is left out of texts.
        """
        Query(request)
        found = device_or_404(request, device)
        now = timezone.now()
        change = change_in(object_of(request, "name", "metadata", "speed_unit"))
        changed = change_device(found, change, now=now)
        if changed is None:
            raise not_found("device")
        return Response(device_document(changed, now=now))

    @extend_schema(
        operation_id="delete_device",
        summary="Delete a device",
        tags=["Devices"],
        parameters=[DEVICE],
        responses=problems(None, 404),
    )
    def delete(self, request: ApiRequest, device: str) -> Response:
        """Forget the device and every position of it, for good.

        What it still sends is quarantined as `device_deleted`; its external id stays taken.
        """
        Query(request)
        if not delete_device(device_or_404(request, device), now=timezone.now()):
            raise not_found("device")
        return Response(status=204)


def device_or_404(request: ApiRequest, reference: str) -> Device:
    """The device of the request's environment with that reference; raises the 404."""
    device = find_device(request.environment, reference, now=timezone.now())
    if device is None:
        raise not_found("device")
    return device
