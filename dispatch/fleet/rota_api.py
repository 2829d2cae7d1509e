"""`/api/v1/drivers/…/shifts` and `/hours`: when somebody works, as written down and in real time."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import driver_or_404, in_service, refusals
from dispatch.fleet.driver_api import DRIVER
from dispatch.fleet.driver_schemas import (
    HoursDocument,
    NewShift,
    NewShiftChange,
    ShiftChangeDocument,
    ShiftDocument,
    ShiftList,
    change_document,
    interval_document,
    shift_document,
)
from dispatch.fleet.models import Shift, ShiftChange
from dispatch.fleet.references import find
from dispatch.fleet.rostering import add_shift, remove_change, remove_shift, set_change
from dispatch.fleet.selectors import changes_of, hours_of, shifts_of
from dispatch.fleet.wishes import CHANGE_FIELDS, SHIFT_FIELDS, change_wish, shift_wish
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of
from tracker.http.problems import not_found
from tracker.http.query import Query, require_order, wrong
from tracker.http.schema import at, problems

SHIFT = OpenApiParameter("shift", str, "path", description="`shf_…`")
CHANGE = OpenApiParameter("change", str, "path", description="`shc_…`")
LONGEST = timedelta(days=62)


class DriverShifts(Endpoint):
    """Hours as they are written down."""

    @extend_schema(
        operation_id="list_shifts", summary="List a driver's shifts", tags=["Fleet"], parameters=[DRIVER],
        responses=problems(ShiftList, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, driver: str) -> Response:
        """Weekly hours, and other hours of single dates from yesterday on."""
        Query(request)
        found = driver_or_404(request, driver)
        since = timezone.now().date() - timedelta(days=1)
        shifts, changes = shifts_of(found), changes_of(found, since)
        return Response(
            ShiftList([shift_document(one) for one in shifts], [change_document(one) for one in changes])
        )

    @extend_schema(
        operation_id="create_shift",
        summary="Add a shift",
        tags=["Fleet"],
        parameters=[DRIVER],
        request=NewShift,
        responses=problems({201: ShiftDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, driver: str) -> Response:
        """Add weekly hours in local time. An end before the start is on the next day.

        Where a clock change skips the time it begins or ends, the moment of the jump takes its place; where the hour
        comes twice, its first pass counts. A shift of no length is refused.
        """
        Query(request)
        found = driver_or_404(request, driver)
        in_service(found, "driver")
        with refusals():
            made = add_shift(found, shift_wish(object_of(request, *SHIFT_FIELDS)))
        return Response(shift_document(made), status=201)


class OneShift(Endpoint):
    """Weekly hours."""

    @extend_schema(
        operation_id="delete_shift", summary="Remove a shift", tags=["Fleet"], parameters=[DRIVER, SHIFT],
        responses=problems(None, 404),
    )  # fmt: skip
    def delete(self, request: ApiRequest, driver: str, shift: str) -> Response:
        """Remove weekly hours, for all dates; `valid_to` of a new one would end it later."""
        Query(request)
        rows = Shift.objects.for_environment(request.environment).filter(
            driver=driver_or_404(request, driver)
        )
        found = find(rows, "shf", shift.replace("external:", ""))
        if found is None or not remove_shift(found):
            raise not_found("shift")
        return Response(status=204)


class DriverShiftChanges(Endpoint):
    """Hours of single dates."""

    @extend_schema(
        operation_id="set_shift_change",
        summary="Set the hours of one date",
        tags=["Fleet"],
        parameters=[DRIVER],
        request=NewShiftChange,
        responses=problems({201: ShiftChangeDocument}, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, driver: str) -> Response:
        """Other hours on one date, or none: absent. Takes the place of what was set for that date before."""
        Query(request)
        found = driver_or_404(request, driver)
        in_service(found, "driver")
        with refusals():
            made = set_change(found, change_wish(object_of(request, *CHANGE_FIELDS)))
        return Response(change_document(made), status=201)


class OneShiftChange(Endpoint):
    """Hours of one date."""

    @extend_schema(
        operation_id="delete_shift_change", summary="Back to the weekly hours", tags=["Fleet"],
        parameters=[DRIVER, CHANGE], responses=problems(None, 404),
    )  # fmt: skip
    def delete(self, request: ApiRequest, driver: str, change: str) -> Response:
        """Forget the hours of that date: the weekly ones hold again."""
        Query(request)
        rows = ShiftChange.objects.for_environment(request.environment)
        found = find(
            rows.filter(driver=driver_or_404(request, driver)), "shc", change.replace("external:", "")
        )
        if found is None or not remove_change(found):
            raise not_found("shift change")
        return Response(status=204)


class DriverHours(Endpoint):
    """Hours in real time."""

    @extend_schema(
        operation_id="get_hours",
        summary="When a driver works",
        tags=["Fleet"],
        parameters=[
            DRIVER,
            at("from", "From then on; now where it is left out."),
            at("to", "Up to then; a week after `from` where it is left out, at most 62 days after."),
        ],
        responses=problems(HoursDocument, 404),
    )
    def get(self, request: ApiRequest, driver: str) -> Response:
        """The shifts that touch a span of time, in UTC, with their breaks; clock changes and single dates included."""
        query = Query(request, "from", "to")
        since = query.moment("from") or timezone.now()
        until = query.moment("to") or since + timedelta(days=7)
        require_order(since, until)
        if until - since > LONGEST:
            raise wrong("to", "to lies more than 62 days after from.")
        found = hours_of(driver_or_404(request, driver), since, until)
        return Response(HoursDocument([interval_document(one) for one in found.intervals], found.why_none))
