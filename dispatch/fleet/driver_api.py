"""`/api/v1/drivers`: the people, and what changes hands."""

from collections.abc import Sequence

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import (
    EXTERNAL,
    RETIRED,
    TEXT,
    driver_or_404,
    filters,
    hub_or_404,
    in_service,
    page,
    path_of,
    refusals,
    vehicle_or_404,
)
from dispatch.fleet.driver_schemas import (
    DriverBody,
    DriverDocument,
    DriverPage,
    GiveDevice,
    GiveVehicle,
    HoldingList,
    driver_document,
    holding_document,
)
from dispatch.fleet.models import Driver
from dispatch.fleet.selectors import carried_by, drivers_of, holdings_of, vehicles_of
from dispatch.fleet.services import (
    change_driver,
    create_driver,
    give_device,
    give_vehicle,
    retire_driver,
)
from dispatch.fleet.tree import descendants
from dispatch.fleet.wishes import DRIVER_FIELDS, driver_wish
from tracker.devices.api import device_or_404
from tracker.devices.changes import invalid
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.tenants.models import Environment

DRIVER = path_of("driver", "drv")
OF_HUB = OpenApiParameter("hub", str, description="Only those of this hub and the ones below it.")


class Drivers(Endpoint):
    """The drivers."""

    @extend_schema(
        operation_id="list_drivers",
        summary="List drivers",
        tags=["Fleet"],
        parameters=[TEXT, EXTERNAL, OF_HUB, RETIRED, LIMIT, CURSOR],
        responses=problems(DriverPage, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Drivers in the order they were made, with the vehicle and device they have now."""
        query = Query(request, "q", "external_id", "hub", "retired", "limit", "cursor")
        rows = drivers_of(request.environment, **filters(query))
        if (hub := query.text("hub")) is not None:
            rows = rows.filter(hub_id__in=descendants(request.environment, hub_or_404(request, hub).pk))
        shown = page(request, query, "drivers", rows, lambda found: _documents(request.environment, found))
        return Response(DriverPage(*shown))

    @extend_schema(
        operation_id="create_driver",
        summary="Make a driver",
        tags=["Fleet"],
        request=DriverBody,
        responses=problems({201: DriverDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make a driver. Shifts, a vehicle and a device are given afterwards; without a shift nothing is planned."""
        Query(request)
        with refusals():
            wish = driver_wish(request.environment, object_of(request, *DRIVER_FIELDS))
            made = create_driver(request.environment, wish)
        found = driver_or_404(request, made.public_id)
        return Response(_documents(request.environment, [found])[0], status=201)


class OneDriver(Endpoint):
    """A driver."""

    @extend_schema(
        operation_id="get_driver", summary="Look at a driver", tags=["Fleet"], parameters=[DRIVER],
        responses=problems(DriverDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, driver: str) -> Response:
        """A driver with what they have now, also one out of service."""
        Query(request)
        return Response(_documents(request.environment, [driver_or_404(request, driver)])[0])

    @extend_schema(
        operation_id="update_driver",
        summary="Change a driver",
        tags=["Fleet"],
        parameters=[DRIVER],
        request=DriverBody,
        responses=problems(DriverDocument, 404, 409, 413, 415),
    )
    def patch(self, request: ApiRequest, driver: str) -> Response:
        """Change a driver; what is left out stays. With another hub, maps show their device under that one."""
        Query(request)
        found = driver_or_404(request, driver)
        in_service(found, "driver")
        with refusals():
            wish = driver_wish(request.environment, object_of(request, *DRIVER_FIELDS), found)
            changed = change_driver(found, wish, now=timezone.now())
        return Response(_documents(request.environment, [changed])[0])

    @extend_schema(
        operation_id="retire_driver", summary="End a driver's service", tags=["Fleet"], parameters=[DRIVER],
        responses=problems(None, 404, 409),
    )  # fmt: skip
    def delete(self, request: ApiRequest, driver: str) -> Response:
        """Take a driver out of service; what they have is handed back. 409 `in_use` while a manifest is in force."""
        Query(request)
        with refusals():
            retire_driver(driver_or_404(request, driver), now=timezone.now())
        return Response(status=204)


class DriverVehicle(Endpoint):
    """The vehicle in a driver's hands."""

    @extend_schema(
        operation_id="give_vehicle",
        summary="Hand over a vehicle",
        tags=["Fleet"],
        parameters=[DRIVER],
        request=GiveVehicle,
        responses=problems(DriverDocument, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, driver: str) -> Response:
        """Put a vehicle in a driver's hands, or take it away with null. Whoever had it has it no more."""
        Query(request)
        found, wanted = driver_or_404(request, driver), _wanted(request, "vehicle")
        in_service(found, "driver")
        vehicle = vehicle_or_404(request, wanted) if wanted is not None else None
        with refusals():
            give_vehicle(found, vehicle, timezone.now())
        return Response(_documents(request.environment, [found])[0])


class DriverDevice(Endpoint):
    """The device a driver carries."""

    @extend_schema(
        operation_id="give_device",
        summary="Hand over a device",
        tags=["Fleet"],
        parameters=[DRIVER],
        request=GiveDevice,
        responses=problems(DriverDocument, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, driver: str) -> Response:
        """Give a driver a device to carry, or take it away with null. Its positions are the driver's from now on.

        The device's metadata `hub` becomes the name of the driver's hub, by which the map filters.
        """
        Query(request)
        found, wanted = driver_or_404(request, driver), _wanted(request, "device")
        in_service(found, "driver")
        device = device_or_404(request, wanted) if wanted is not None else None
        with refusals():
            give_device(found, device, timezone.now())
        return Response(_documents(request.environment, [found])[0])


class DriverHandovers(Endpoint):
    """What a driver had."""

    @extend_schema(
        operation_id="list_handovers", summary="List handovers", tags=["Fleet"], parameters=[DRIVER],
        responses=problems(HoldingList, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, driver: str) -> Response:
        """Vehicles and devices that were in a driver's hands, from when until when."""
        Query(request)
        rows = holdings_of(driver_or_404(request, driver))
        return Response(HoldingList([holding_document(row) for row in rows]))


def _wanted(request: ApiRequest, name: str) -> str | None:
    body = object_of(request, name)
    value = body.get(name)
    if name not in body or not (value is None or isinstance(value, str)):
        raise invalid(name, f"{name} is needed: a reference, or null to take it away.")
    return value or None


def _documents(environment: Environment, drivers: Sequence[Driver]) -> list[DriverDocument]:
    vehicles = vehicles_of(environment, [one.pk for one in drivers])
    devices = carried_by(environment, drivers)
    return [driver_document(one, vehicles.get(one.pk), devices.get(one.pk)) for one in drivers]
