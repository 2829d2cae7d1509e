"""`/api/v1/devices/nearest`: the devices nearest to a place, by distance or by time."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from tracker.devices.nearby import Near, nearest_devices
from tracker.devices.schemas import DeviceDocument, Metres, device_document
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query, wrong
from tracker.http.schema import LIMIT, problems
from tracker.http.times import Moment, moment_text
from tracker.trips.estimate import Estimate
from tracker.trips.nearest import soonest_devices

DEFAULT_LIMIT, LARGEST_LIMIT = 10, 100
HEARD_WITHIN_S, LONGEST_S = 900, 604_800


class Arrival(Struct):
    """When a device would be there, if it set out now."""

    at: Moment
    earliest_at: Annotated[Moment, Meta(description="One in five is there before this.")]
    latest_at: Annotated[Moment, Meta(description="Four in five are there by this.")]


class NearDevice(Struct):
    """A device and how far it is."""

    device: DeviceDocument
    distance_m: Annotated[Metres, Meta(description="In a straight line.")]
    eta: Annotated[Arrival | None, Meta(description="null unless asked for with `by=eta`.")]


class NearDevices(Struct):
    """Devices near a place, the first the nearest or the soonest."""

    data: list[NearDevice]


def _number(name: str, description: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, float, description=description, required=required)


class NearestDevices(Endpoint):
    """The devices nearest to a place."""

    @extend_schema(
        operation_id="nearest_devices",
        summary="Devices nearest to a place",
        tags=["Devices"],
        parameters=[
            _number("longitude", "Degrees, WGS 84.", required=True),
            _number("latitude", "Degrees, WGS 84.", required=True),
            OpenApiParameter(
                "by", str, enum=["distance", "eta"], description="The order; `distance` if left out."
            ),
            _number("within_m", "No farther than this, in a straight line."),
            OpenApiParameter(
                "heard_within_s",
                {"type": "integer", "minimum": 1, "maximum": LONGEST_S, "default": HEARD_WITHIN_S},
                description="Only devices whose last position is no older than this.",
            ),
            LIMIT,
        ],
        responses=problems(NearDevices),
    )
    def get(self, request: ApiRequest) -> Response:
        """The nearest devices, or with `by=eta` those that would be there soonest. At most 100."""
        query = Query(request, "longitude", "latitude", "by", "within_m", "heard_within_s", "limit")
        now = timezone.now()
        longitude = _degrees(query, "longitude", 180)
        latitude = _degrees(query, "latitude", 90)
        heard = query.integer("heard_within_s", HEARD_WITHIN_S, low=1, high=LONGEST_S)
        limit = query.integer("limit", DEFAULT_LIMIT, low=1, high=LARGEST_LIMIT)
        within_m = _amount(query, "within_m")
        since = now - timedelta(seconds=heard)
        if query.choice("by", ["distance", "eta"]) == "eta":
            soon = soonest_devices(
                request.environment,
                longitude,
                latitude,
                heard_since=since,
                within_m=within_m,
                limit=limit,
                now=now,
            )
            return Response(NearDevices([_document(one.near, one.estimate, now) for one in soon]))
        near = nearest_devices(
            request.environment, longitude, latitude, heard_since=since, within_m=within_m, limit=limit
        )
        return Response(NearDevices([_document(one, None, now) for one in near]))


def _document(near: Near, estimate: Estimate | None, now: datetime) -> NearDevice:
    eta = None
    if estimate is not None:
        times = (estimate.at_us, estimate.earliest_us, estimate.latest_us)
        eta = Arrival(*(moment_text(datetime.fromtimestamp(time / 1e6, UTC)) for time in times))
    return NearDevice(device_document(near.device, now=now), round(near.distance_m, 1), eta)


def _degrees(query: Query, name: str, bound: int) -> float:
    value = _amount(query, name, low=-bound, high=bound)
    if value is None:
        raise wrong(name, f"{name} is missing: degrees from -{bound} to {bound}.")
    return value


def _amount(query: Query, name: str, *, low: float = 0, high: float = 1e9) -> float | None:
    text = query.text(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise wrong(name, f"{name} must be a number from {low:g} to {high:g}, not {text[:60]!r}.")
    return value
