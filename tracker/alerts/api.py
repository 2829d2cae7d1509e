"""`/api/v1/alerts` and `/api/v1/expected-presences`: list, acknowledge; list, create, delete."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker.alerts.bodies import FIELDS, expectation_in
from tracker.alerts.expecting import MOST, TooManyExpectations, expect, expect_no_more
from tracker.alerts.models import Alert
from tracker.alerts.schemas import (
    Acknowledgement,
    AlertDocument,
    AlertPage,
    ExpectedPresenceDocument,
    ExpectedPresencePage,
    NewExpectedPresence,
    alert_document,
    expected_document,
)
from tracker.alerts.selectors import (
    Narrowing,
    State,
    alert_of,
    alerts_after,
    expectation_of,
    expectations_of,
)
from tracker.alerts.services import LONGEST_NOTE, AlreadyAcknowledged, acknowledge
from tracker.devices.changes import invalid
from tracker.devices.selectors import find_device
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, newest_first, place_in
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

NOBODY = 0  # no device has this number, so the list is empty
ALERT = OpenApiParameter("alert", str, "path", description="The `id` of an alert, `alt_…`.")
EXPECTED = OpenApiParameter("expected", str, "path", description="The `id`, `xpr_…`.")
FILTERS = [
    OpenApiParameter("state", str, enum=list(State), description="Only alerts in this state."),
    OpenApiParameter("kind", str, enum=list(Alert.Kind), description="Only alerts of this kind."),
    OpenApiParameter(
        "device", str, description="Only of this device: `dev_…`, or `external:` and its external id."
    ),
]


class Alerts(Endpoint):
    """What needs looking at."""

    @extend_schema(
        operation_id="list_alerts",
        summary="List alerts",
        tags=["Alerts"],
        parameters=[*FILTERS, LIMIT, CURSOR],
        responses=problems(AlertPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Alerts, newest first.

        An alert is `open` until its cause ends: a silent device reports, a device that entered leaves, a late trip is
        back on time. Which geofences raise alerts is said with their shapes: `alert_on_enter`, `alert_on_exit`.
        """
        query = Query(request, "state", "kind", "device", "limit", "cursor")
        state, kind = query.choice("state", list(State)), query.choice("kind", list(Alert.Kind))
        narrowing = Narrowing(
            state=State(state) if state else None,
            kind=Alert.Kind(kind) if kind else None,
            device_id=_device(request, query),
        )
        limit, list_name = limit_of(query), f"alerts:{request.environment.pk}"
        after = place_in(list_name, query, int)
        found = alerts_after(request.environment, narrowing, after=after, limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        cursor = cursor_of(list_name, found[-1].pk) if more else None
        return Response(AlertPage([alert_document(alert) for alert in found], cursor))


class AcknowledgeAlert(Endpoint):
    """Somebody takes it on."""

    @extend_schema(
        operation_id="acknowledge_alert",
        summary="Acknowledge an alert",
        tags=["Alerts"],
        parameters=[ALERT],
        request=Acknowledgement,
        responses=problems(AlertDocument, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, alert: str) -> Response:
        """Say that it is being looked after. Open maps show it at once.

        409 `already_acknowledged` where a person has done so before; the detail says who. A second time by a program
        changes nothing and succeeds.
        """
        Query(request)
        found = alert_of(request.environment, alert)
        if found is None:
            raise not_found("alert")
        note = object_of(request, "note").get("note", "") if request.body else ""
        if not isinstance(note, str) or len(note) > LONGEST_NOTE:
            raise invalid("note", f"note must be a text of at most {LONGEST_NOTE} characters.")
        try:
            taken = acknowledge(found, by=None, note=note, now=timezone.now())
        except AlreadyAcknowledged as refusal:
            raise ApiProblem(409, "already_acknowledged", str(refusal)) from None
        return Response(alert_document(taken))


class ExpectedPresences(Endpoint):
    """Where devices are expected, and when."""

    @extend_schema(
        operation_id="list_expected_presences",
        summary="List expected presences",
        tags=["Alerts"],
        parameters=[LIMIT, CURSOR],
        responses=problems(ExpectedPresencePage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Expected presences, newest first."""
        query = Query(request, "limit", "cursor")
        rows = expectations_of(request.environment)
        found, cursor = newest_first(f"expected:{request.environment.pk}", query, rows)
        return Response(ExpectedPresencePage([expected_document(one) for one in found], cursor))

    @extend_schema(
        operation_id="create_expected_presence",
        summary="Expect a device somewhere",
        tags=["Alerts"],
        request=NewExpectedPresence,
        responses=problems({201: ExpectedPresenceDocument}, 409, 413, 415),
    )
    def post(self, request: ApiRequest) -> Response:
        """Raise an `absent` alert on each day on which the device is not in the geofence at `by`.

        It is asked a minute later, so that what was recorded in time has arrived. The alert ends when the device
        enters. A geofence that is not published, or retired, raises none.
        """
        Query(request)
        now = timezone.now()
        wanted = expectation_in(request.environment, object_of(request, *FIELDS), now=now)
        try:
            made = expect(wanted, now=now)
        except TooManyExpectations:
            detail = f"An environment may have {MOST} expected presences: delete some first."
            raise ApiProblem(409, "too_many_expected_presences", detail) from None
        found = expectation_of(request.environment, made.public_id)
        if found is None:
            raise not_found("expected presence")
        return Response(expected_document(found), status=201)


class OneExpectedPresence(Endpoint):
    """One of them."""

    @extend_schema(
        operation_id="delete_expected_presence",
        summary="Expect it no more",
        tags=["Alerts"],
        parameters=[EXPECTED],
        responses=problems(None, 404),
    )
    def delete(self, request: ApiRequest, expected: str) -> Response:
        """Take it back. Alerts it raised stay."""
        Query(request)
        found = expectation_of(request.environment, expected)
        if found is None or not expect_no_more(found):
            raise not_found("expected presence")
        return Response(status=204)


def _device(request: ApiRequest, query: Query) -> int | None:
    reference = query.text("device", longest=300)
    if reference is None:
        return None
    device = find_device(request.environment, reference, now=timezone.now())
    return NOBODY if device is None else device.pk
