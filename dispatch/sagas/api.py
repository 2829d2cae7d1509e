"""`/api/v1/sagas`, `/api/v1/silent-drivers`, `/api/v1/unconfirmed-shipments`."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.sagas import selectors, services
from dispatch.sagas.catalogue import SAGAS
from dispatch.sagas.models import Saga
from dispatch.sagas.schemas import (
    CallOff,
    DayCount,
    SagaDocument,
    SagaPage,
    SagaWithTimeline,
    SilentDriver,
    SilentDrivers,
    UnconfirmedShipment,
    UnconfirmedShipments,
    saga_document,
    saga_with_timeline,
)
from tracker.devices.changes import invalid
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.http.times import moment_text

SAGA = OpenApiParameter("saga", str, "path", description="The `id` of a saga, `sga_…`.")
FILTERS = [
    OpenApiParameter("state", str, enum=list(Saga.State), description="Only sagas in this state."),
    OpenApiParameter("kind", str, enum=list(SAGAS), description="Only sagas of this kind."),
    OpenApiParameter(
        "subject", str, description="Only those about this shipment, driver or hub, by its `id`."
    ),
]
A_PROGRAM = "a program with a secret key"


class Sagas(Endpoint):
    """Exceptions that are followed to their end."""

    @extend_schema(
        operation_id="list_sagas",
        summary="List sagas",
        tags=["Exceptions"],
        parameters=[*FILTERS, LIMIT, CURSOR],
        responses=problems(SagaPage),
    )
    def get(self, request: ApiRequest) -> Response:
        """Sagas, newest first.

        A saga is `open` while it waits or has a step to take, `stuck` when it needs a person, `done` when it came to
        its end, and `compensated` when it was called off and what still stood was taken back.
        """
        query = Query(request, "state", "kind", "subject", "limit", "cursor")
        narrowing = selectors.Narrowing(
            kind=query.choice("kind", list(SAGAS)) or "",
            state=query.choice("state", list(Saga.State)) or "",
            subject=query.text("subject", longest=100) or "",
        )
        rows = selectors.sagas_of(request.environment, narrowing)
        found, cursor = newest_first(f"sagas:{request.environment.pk}", query, rows)
        return Response(SagaPage([saga_document(one) for one in found], cursor))


class OneSaga(Endpoint):
    """One of them."""

    @extend_schema(
        operation_id="get_saga",
        summary="Get a saga with its timeline",
        tags=["Exceptions"],
        parameters=[SAGA],
        responses=problems(SagaWithTimeline, 404),
    )
    def get(self, request: ApiRequest, saga: str) -> Response:
        """What was done, step by step, what is next, and what would follow."""
        Query(request)
        return Response(saga_with_timeline(_saga(request, saga)))


class ContinueSaga(Endpoint):
    """Let it go on."""

    @extend_schema(
        operation_id="continue_saga",
        summary="Let a stuck saga go on",
        tags=["Exceptions"],
        parameters=[SAGA],
        request=None,
        responses=problems(SagaDocument, 404, 409),
    )
    def post(self, request: ApiRequest, saga: str) -> Response:
        """Try the step again that it is stuck at, or wait as long as before. 409 `saga_not_stuck` otherwise."""
        Query(request)
        found = _saga(request, saga)
        with _refusals():
            services.go_on(found, now=timezone.now())
        return Response(saga_document(_saga(request, saga)))


class CallOffSaga(Endpoint):
    """End it."""

    @extend_schema(
        operation_id="call_off_saga",
        summary="Call a saga off",
        tags=["Exceptions"],
        parameters=[SAGA],
        request=CallOff,
        responses=problems(SagaDocument, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, saga: str) -> Response:
        """Take back what still stands (alerts, messages not sent yet) and end it. 409 `saga_is_over` otherwise."""
        Query(request)
        found = _saga(request, saga)
        note = object_of(request, "note").get("note", "") if request.body else ""
        if not isinstance(note, str) or len(note) > services.LONGEST_NOTE:
            raise invalid("note", f"note must be a text of at most {services.LONGEST_NOTE} characters.")
        with _refusals():
            services.call_off(found, by=A_PROGRAM, note=note.replace("\x00", ""), now=timezone.now())
        return Response(saga_document(_saga(request, saga)))


class CountDay(Endpoint):
    """What was counted."""

    @extend_schema(
        operation_id="count_day",
        summary="Write down what was counted at a day's end",
        tags=["Exceptions"],
        parameters=[SAGA],
        request=DayCount,
        responses=problems(SagaDocument, 404, 409, 413, 415),
    )
    def post(self, request: ApiRequest, saga: str) -> Response:
        """The cash the drivers handed in and the parcels that did not come back. 409 `nothing_to_count` otherwise."""
        Query(request)
        found = _saga(request, saga)
        body = object_of(request, "cash", "missing", "note")
        cash, missing, note = body.get("cash", {}), body.get("missing", []), body.get("note", "")
        if not isinstance(cash, dict) or any(type(minor) is not int for minor in cash.values()):
            raise invalid("cash", "cash must be an object of whole numbers, in minor units.")
        if not isinstance(missing, list) or not all(isinstance(one, str) for one in missing):
            raise invalid("missing", "missing must be a list of ids of shipments.")
        if not isinstance(note, str) or len(note) > services.LONGEST_NOTE:
            raise invalid("note", f"note must be a text of at most {services.LONGEST_NOTE} characters.")
        with _refusals():
            services.write_count(
                found, by=A_PROGRAM, handed_in=cash, missing=missing, note=note, now=timezone.now()
            )
        return Response(saga_document(_saga(request, saga)))


class DriversSilent(Endpoint):
    """Who is not heard of."""

    @extend_schema(
        operation_id="list_silent_drivers",
        summary="List silent drivers",
        tags=["Exceptions"],
        responses=problems(SilentDrivers),
    )
    def get(self, request: ApiRequest) -> Response:
        """Drivers whose route is under way and whose device was not heard of for over 15 minutes, as it is now."""
        Query(request)
        found = [
            SilentDriver(
                driver=one["driver"].public_id,
                name=one["driver"].name,
                manifest=one["manifest"].public_id,
                hub=one["hub"].public_id,
                heard_at=moment_text(one["heard_at"]),
                saga=one["saga"].public_id if one["saga"] else None,
            )
            for one in selectors.silent_now(request.environment, None, now=timezone.now())
        ]
        return Response(SilentDrivers(found))


class ShipmentsUnconfirmed(Endpoint):
    """What nobody said anything of."""

    @extend_schema(
        operation_id="list_unconfirmed_shipments",
        summary="List unconfirmed shipments",
        tags=["Exceptions"],
        parameters=[LIMIT, CURSOR],
        responses=problems(UnconfirmedShipments),
    )
    def get(self, request: ApiRequest) -> Response:
        """Shipments that are out for over 6 hours with neither a delivery nor a failed attempt, as it is now."""
        query = Query(request, "limit", "cursor")
        rows = selectors.unconfirmed_now(request.environment, None, now=timezone.now())
        found, cursor = newest_first(f"unconfirmed:{request.environment.pk}", query, rows)
        shown = [
            UnconfirmedShipment(
                shipment=row.shipment.public_id,
                external_id=row.shipment.external_id,
                driver=row.driver.public_id if row.driver else None,
                hub=row.hub.public_id if row.hub else None,
                out_at=moment_text(row.out_at) if row.out_at else None,
            )
            for row in found
        ]
        return Response(UnconfirmedShipments(shown, cursor))


def _saga(request: ApiRequest, public_id: str) -> Saga:
    found = selectors.saga_of(request.environment, public_id)
    if found is None:
        raise not_found("saga")
    return found


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except services.SagaRefusal as refusal:
        raise ApiProblem(409, refusal.code, str(refusal)) from None
