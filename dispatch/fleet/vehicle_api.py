"""`/api/v1/vehicle-types` and `/api/v1/vehicles`."""

from collections.abc import Sequence

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import (
    EXTERNAL,
    RETIRED,
    TEXT,
    filters,
    in_service,
    page,
    path_of,
    refusals,
    type_or_404,
    vehicle_or_404,
)
from dispatch.fleet.models import Vehicle
from dispatch.fleet.schemas import (
    VehicleBody,
    VehicleDocument,
    VehiclePage,
    VehicleTypeBody,
    VehicleTypeDocument,
    VehicleTypeList,
    type_document,
    vehicle_document,
)
from dispatch.fleet.selectors import all_vehicles_of, holders_of, types_of
from dispatch.fleet.services import (
    change_type,
    change_vehicle,
    create_type,
    create_vehicle,
    ensure_types,
    retire_vehicle,
)
from dispatch.fleet.wishes import TYPE_FIELDS, VEHICLE_FIELDS, type_wish, vehicle_wish
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.tenants.models import Environment

VEHICLE = path_of("vehicle", "veh")
TYPE = OpenApiParameter("vehicle_type", str, "path", description="Its key, or `vty_…`.")


class VehicleTypes(Endpoint):
    """Kinds of vehicles."""

    @extend_schema(
        operation_id="list_vehicle_types", summary="List types of vehicles", tags=["Fleet"],
        responses=problems(VehicleTypeList),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """All types, the two built-in ones among them."""
        Query(request)
        ensure_types(request.environment)
        return Response(VehicleTypeList([type_document(one) for one in types_of(request.environment)]))

    @extend_schema(
        operation_id="create_vehicle_type",
        summary="Make a type of vehicle",
        tags=["Fleet"],
        request=VehicleTypeBody,
        responses=problems({201: VehicleTypeDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make a type of your own. A capacity of nought is refused: leave a unit out for no limit."""
        Query(request)
        ensure_types(request.environment)
        with refusals():
            made = create_type(request.environment, type_wish(object_of(request, *TYPE_FIELDS)))
        return Response(type_document(made), status=201)


class OneVehicleType(Endpoint):
    """A kind of vehicle."""

    @extend_schema(
        operation_id="update_vehicle_type",
        summary="Change a type of vehicle",
        tags=["Fleet"],
        parameters=[TYPE],
        request=VehicleTypeBody,
        responses=problems(VehicleTypeDocument, 404, 413, 415),
    )
    def patch(self, request: ApiRequest, vehicle_type: str) -> Response:
        """Change what fits in and what it costs; plans made from now on take it so."""
        Query(request)
        ensure_types(request.environment)
        found = type_or_404(request, vehicle_type)
        with refusals():
            return Response(
                type_document(change_type(found, type_wish(object_of(request, *TYPE_FIELDS), found)))
            )


class Vehicles(Endpoint):
    """The vehicles."""

    @extend_schema(
        operation_id="list_vehicles",
        summary="List vehicles",
        tags=["Fleet"],
        parameters=[TEXT, EXTERNAL, RETIRED, LIMIT, CURSOR],
        responses=problems(VehiclePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Vehicles in the order they were made, each with the driver who has it."""
        query = Query(request, "q", "external_id", "retired", "limit", "cursor")
        rows = all_vehicles_of(request.environment, **filters(query))

        def shown(found: Sequence[Vehicle]) -> list[VehicleDocument]:
            held = holders_of(request.environment, found)
            return [vehicle_document(one, held.get(one.pk)) for one in found]

        return Response(VehiclePage(*page(request, query, "vehicles", rows, shown)))

    @extend_schema(
        operation_id="create_vehicle",
        summary="Make a vehicle",
        tags=["Fleet"],
        request=VehicleBody,
        responses=problems({201: VehicleDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make a vehicle, in nobody's hands yet: `POST /api/v1/drivers/…/vehicle` gives it to somebody."""
        Query(request)
        ensure_types(request.environment)
        with refusals():
            wish = vehicle_wish(request.environment, object_of(request, *VEHICLE_FIELDS))
            made = create_vehicle(request.environment, wish)
        return Response(_document(request.environment, vehicle_or_404(request, made.public_id)), status=201)


class OneVehicle(Endpoint):
    """A vehicle."""

    @extend_schema(
        operation_id="get_vehicle", summary="Look at a vehicle", tags=["Fleet"], parameters=[VEHICLE],
        responses=problems(VehicleDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, vehicle: str) -> Response:
        """A vehicle and who has it now, also one out of service."""
        Query(request)
        return Response(_document(request.environment, vehicle_or_404(request, vehicle)))

    @extend_schema(
        operation_id="update_vehicle",
        summary="Change a vehicle",
        tags=["Fleet"],
        parameters=[VEHICLE],
        request=VehicleBody,
        responses=problems(VehicleDocument, 404, 409, 413, 415),
    )
    def patch(self, request: ApiRequest, vehicle: str) -> Response:
        """Change a vehicle; what is left out stays."""
        Query(request)
        found = vehicle_or_404(request, vehicle)
        in_service(found, "vehicle")
        with refusals():
            wish = vehicle_wish(request.environment, object_of(request, *VEHICLE_FIELDS), found)
            return Response(_document(request.environment, change_vehicle(found, wish)))

    @extend_schema(
        operation_id="retire_vehicle", summary="End a vehicle", tags=["Fleet"], parameters=[VEHICLE],
        responses=problems(None, 404),
    )  # fmt: skip
    def delete(self, request: ApiRequest, vehicle: str) -> Response:
        """Take a vehicle out of service; whoever has it has it no more. Its past stays."""
        Query(request)
        retire_vehicle(vehicle_or_404(request, vehicle), now=timezone.now())
        return Response(status=204)


def _document(environment: Environment, vehicle: Vehicle) -> VehicleDocument:
    return vehicle_document(vehicle, holders_of(environment, [vehicle]).get(vehicle.pk))
