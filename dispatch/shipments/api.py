"""`/api/v1/shipments`: announce one or many, list, look at one as it is or as it was."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.references import find
from dispatch.fleet.selectors import drivers_of, hubs_of
from dispatch.intake.by_hand import completed
from dispatch.shipments import bodies
from dispatch.shipments.answering import SHIPMENT, refusals, shipment_or_404
from dispatch.shipments.authors import of_key
from dispatch.shipments.bodies import Reader, WrongField, faults_as_problem
from dispatch.shipments.decide import legal
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.request_schemas import NewShipmentBody, NewShipmentsBody
from dispatch.shipments.schemas import (
    ShipmentDocument,
    ShipmentPage,
    ShipmentResults,
    row_document,
    shipment_document,
)
from dispatch.shipments.selectors import ListPlace, page_of, state_at, state_of
from dispatch.shipments.services import NewShipment, Refused, create
from dispatch.shipments.summing import results_of
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, place_in
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, at, problems

FILTERS = [
    OpenApiParameter(
        "state", str, enum=list(ShipmentState.State.values), description="Only those in this state."
    ),
    OpenApiParameter("hub", str, description="Only those of this hub: `hub_…` or `external:…`."),
    OpenApiParameter("driver", str, description="Only those of this driver: `drv_…` or `external:…`."),
    OpenApiParameter(
        "doubtful", str, enum=["true", "false"], description="Whether a person must look at the place."
    ),
    OpenApiParameter("external_id", str, description="Only the one with exactly this external id."),
    OpenApiParameter(
        "q",
        str,
        description="Part of the recipient's name, address or telephone, or the beginning of an external id.",
    ),
]


class Shipments(Endpoint):
    """All shipments of the environment."""

    @extend_schema(
        operation_id="list_shipments", summary="List shipments", tags=["Shipments"],
        parameters=[*FILTERS, LIMIT, CURSOR], responses=problems(ShipmentPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Shipments, the newest first."""
        query = Query(request, "state", "hub", "driver", "doubtful", "external_id", "q", "limit", "cursor")
        limit, list_name = limit_of(query), f"shipments:{request.environment.pk}"
        after = place_in(list_name, query, ListPlace)
        rows, more = page_of(request.environment, after=after, limit=limit, **_filters(request, query))
        cursor = cursor_of(list_name, ListPlace(rows[-1].created_at, rows[-1].pk)) if more else None
        return Response(ShipmentPage([row_document(row) for row in rows], cursor))

    @extend_schema(
        operation_id="create_shipment", summary="Announce a shipment", tags=["Shipments"],
        request=NewShipmentBody, responses=problems({200: ShipmentDocument, 201: ShipmentDocument}, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Announce a shipment: 201. The same with the same `external_id` again is a 200 and changes nothing; another
        one with it is a 409, code `external_id_taken`, that says what differs."""
        Query(request)
        with refusals():
            body = Reader(request.environment).new_shipment(bodies.read(request, NewShipmentBody))
            [wanted] = completed(request.environment, [body])
            [made] = create(request.environment.pk, [wanted], author=of_key(request.auth), now=timezone.now())
        if isinstance(made, Refused):
            if made.differs:
                raise ApiProblem(409, "external_id_taken", made.faults[0].reason, param="/external_id")
            raise faults_as_problem(made.faults)
        shown = shipment_document(made.public_id, wanted.external_id, made.state, legal(made.state))
        return Response(shown, status=200 if type(made).__name__ == "Repeated" else 201)


class ShipmentBatch(Endpoint):
    """Many shipments at once."""

    @extend_schema(
        operation_id="create_shipments", summary="Announce many shipments", tags=["Shipments"],
        request=NewShipmentsBody, responses=problems(ShipmentResults, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Announce up to 1,000 shipments. Each is taken or refused by itself, and the answer says for each, in the
        order given, what became of it; it is a 200 also where all were refused. Sending it again is harmless for
        those with an `external_id`."""
        Query(request)
        body, reader = bodies.read(request, NewShipmentsBody), Reader(request.environment)
        wanted: list[NewShipment | WrongField] = []
        for number, one in enumerate(body.shipments):
            if not isinstance(one, dict):
                wanted.append(WrongField(f"Number {number} of the list, counted from 0, is no object."))
                continue
            try:
                wanted.append(reader.new_shipment(bodies.shaped(one, NewShipmentBody)))
            except WrongField as wrong:
                wanted.append(wrong)
        sound = completed(request.environment, [one for one in wanted if isinstance(one, NewShipment)])
        made = create(
            request.environment.pk, sound, author=of_key(request.auth), now=timezone.now(), change=body.change
        )
        return Response(results_of(body.shipments, wanted, made))


class OneShipment(Endpoint):
    """A shipment."""

    @extend_schema(
        operation_id="get_shipment", summary="Look at a shipment", tags=["Shipments"],
        parameters=[
            SHIPMENT,
            at("at", "As it was at this time, by when things happened."),
            at("known_at", "With `at`: without what became known later than this."),
        ],
        responses=problems(ShipmentDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, shipment: str) -> Response:
        """A shipment as it is now, with the commands it can take; with `at` as it was then, which is a 404 before it
        was announced. With `known_at` too, as we would have answered then."""
        query = Query(request, "at", "known_at")
        then, known = query.moment("at"), query.moment("known_at")
        found = shipment_or_404(request, shipment)
        if then is None and known is None:
            state = state_of(request.environment, found.pk)
        else:
            state = state_at(request.environment, found.pk, then or known or timezone.now(), known)
        if state is None:
            raise not_found("shipment")
        now = then is None and known is None
        more: dict[str, Any] = {"commands": legal(state)} if now else {}
        return Response(shipment_document(found.public_id, found.external_id, state, **more))


def _filters(request: ApiRequest, query: Query) -> dict[str, Any]:
    hub, driver = query.text("hub"), query.text("driver")
    doubtful = query.choice("doubtful", ["true", "false"])
    found: dict[str, Any] = {
        "state": query.choice("state", ShipmentState.State.values) or "",
        "external_id": query.text("external_id", longest=200),
        "doubtful": None if doubtful is None else doubtful == "true",
        "text": query.text("q", longest=200) or "",
    }
    if hub:
        found["hub"] = _pk(find(hubs_of(request.environment, retired=True), "hub", hub), "hub")
    if driver:
        found["driver"] = _pk(find(drivers_of(request.environment, retired=True), "drv", driver), "driver")
    return found


def _pk(row: Any, what: str) -> int:
    if row is None:
        raise not_found(what)
    return int(row.pk)
