"""What the fleet's API endpoints share: a refusal becomes its problem document, a row its 404, a list its page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter

from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleType
from dispatch.fleet.references import find
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.selectors import all_vehicles_of, drivers_of, hubs_of
from tracker.http.endpoint import ApiRequest
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.parsing import pointer
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query

M = TypeVar("M", bound=Model)
D = TypeVar("D")
TEXT = OpenApiParameter("q", str, description="Only those with this text in a name or external id.")
EXTERNAL = OpenApiParameter("external_id", str, description="Only the one with exactly this external id.")
RETIRED = OpenApiParameter("retired", str, enum=["true", "false"], description="Also those out of service.")


def path_of(name: str, prefix: str) -> OpenApiParameter:
    """The part of an address that names one."""
    return OpenApiParameter(
        name, str, "path", description=f"`{prefix}_…`, or `external:` and your own id, percent-encoded."
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Inside, what the fleet refuses is answered as a problem document that names the field."""
    try:
        yield
    except FleetRefusal as refusal:
        param = pointer(refusal.field) if refusal.field else None
        raise ApiProblem(refusal.status, refusal.code, refusal.detail, param=param) from None


def page(
    request: ApiRequest,
    query: Query,
    name: str,
    rows: QuerySet[M, M],
    shown: Callable[[Sequence[M]], list[D]],
) -> tuple[list[D], str | None]:
    """A page of a list in the order the rows were made, and the cursor of the next."""
    limit, list_name = limit_of(query), f"{name}:{request.environment.pk}"
    after = place_in(list_name, query, int)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    if (external_id := query.text("external_id", longest=200)) is not None:
        rows = rows.filter(external_id=external_id)
    found = list(rows.order_by("pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return shown(found), cursor_of(list_name, found[-1].pk) if more else None


def hub_or_404(request: ApiRequest, reference: str) -> Hub:
    """The hub that an address names."""
    return _or_404(hubs_of(request.environment, retired=True), "hub", reference, "hub")


def driver_or_404(request: ApiRequest, reference: str) -> Driver:
    """The driver that an address names."""
    return _or_404(drivers_of(request.environment, retired=True), "drv", reference, "driver")


def vehicle_or_404(request: ApiRequest, reference: str) -> Vehicle:
    """The vehicle that an address names."""
    return _or_404(all_vehicles_of(request.environment, retired=True), "veh", reference, "vehicle")


def type_or_404(request: ApiRequest, reference: str) -> VehicleType:
    """The type that an address names by its key or its id."""
    rows = VehicleType.objects.for_environment(request.environment)
    found = rows.filter(key=reference).first() or find(rows, "vty", reference.replace("external:", ""))
    if found is None:
        raise not_found("vehicle type")
    return found


def in_service(row: Hub | Driver | Vehicle, what: str) -> None:
    """Refuse to change what is out of service."""
    if row.retired_at is not None:
        raise ApiProblem(409, "retired", f"This {what} is out of service and stays as it was.")


def filters(query: Query) -> Mapping[str, Any]:
    """What every list may be narrowed by."""
    return {
        "text": query.text("q", longest=200) or "",
        "retired": query.choice("retired", ["true", "false"]) == "true",
    }


def _or_404(rows: QuerySet[M, M], prefix: str, reference: str, what: str) -> M:
    found = find(rows, prefix, reference)
    if found is None:
        raise not_found(what)
    return found
