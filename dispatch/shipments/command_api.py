"""`/api/v1/shipments/{shipment}/{command}`: one address for each command a customer's own server may give.

What belongs to a manifest (assign, unassign, set out, override) is done to the manifest.
"""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from dispatch.shipments import bodies, commands, request_schemas
from dispatch.shipments.answering import SHIPMENT, refusals, shipment_or_404
from dispatch.shipments.authors import of_key
from dispatch.shipments.bodies import Reader
from dispatch.shipments.commands import NAMES, Command
from dispatch.shipments.decide import legal
from dispatch.shipments.request_schemas import CommandBody
from dispatch.shipments.schemas import ShipmentDocument, shipment_document
from dispatch.shipments.services import execute
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query
from tracker.http.schema import problems

# address, command, body, what it does in a few words, and in a sentence
OFFERED: list[tuple[str, type[Command], type[CommandBody], str, str]] = [
    ("correct-address", commands.CorrectAddress, request_schemas.CorrectAddressBody, "Correct the address",
     "It goes there instead; you vouch for the place."),
    ("change-details", commands.ChangeDetails, request_schemas.ChangeDetailsBody, "Change details",
     "What is left out stays. On a manifest only contact and metadata may change."),
    ("change-hub", commands.ChangeHub, request_schemas.ChangeHubBody, "Change the hub", "Another hub delivers it."),
    ("confirm-pickup", commands.ConfirmPickup, request_schemas.HubBody, "Confirm the pickup", "It is in our hands."),
    ("fail-attempt", commands.FailAttempt, request_schemas.FailAttemptBody, "Report a failed attempt",
     "The driver was there and could not deliver."),
    ("allow-attempt", commands.AllowAttempt, request_schemas.AllowAttemptBody, "Allow another attempt",
     "It may be planned again."),
    ("confirm-delivery", commands.ConfirmDelivery, request_schemas.ConfirmDeliveryBody, "Confirm the delivery",
     "It was handed over."),
    ("reschedule", commands.Reschedule, request_schemas.RescheduleBody, "Reschedule",
     "It is wanted at another time; one whose attempt failed may be planned again by that."),
    ("leave-note", commands.LeaveNote, request_schemas.NoteBody, "Leave a note", "Tell the driver something."),
    ("cancel", commands.Cancel, request_schemas.ReasonBody, "Cancel", "It is not to be delivered any more."),
    ("start-return", commands.StartReturn, request_schemas.ReasonBody, "Start the return", "Send it back."),
    ("confirm-return", commands.ConfirmReturn, request_schemas.HubBody, "Confirm the return",
     "Whoever sent it has it back."),
    ("report-damage", commands.ReportDamage, request_schemas.DamageBody, "Report damage", "It is damaged."),
    ("report-loss", commands.ReportLoss, request_schemas.ReasonBody, "Report the loss",
     "Nobody knows where it is."),
    ("forget-personal-data", commands.ForgetPersonalData, request_schemas.ReasonBody, "Forget the recipient",
     "Once it has ended: deletes for good what is known of the recipient, proofs of delivery too. The events stay."),
]  # fmt: skip


def endpoint_of(
    kind: type[Command], body: type[CommandBody], summary: str, description: str
) -> type[Endpoint]:
    """The endpoint that gives this command."""

    class Give(Endpoint):
        @extend_schema(
            operation_id=f"shipment_{NAMES[kind]}",
            summary=summary,
            description=f"{description} What is so already changes nothing. What cannot follow on its state is a 409, "
            "code `illegal_transition`, whose `legal` lists the commands it can take.",
            tags=["Shipments"],
            parameters=[SHIPMENT],
            request=body,
            responses=problems(ShipmentDocument, 404, 409, 413, 415),
        )
        def post(self, request: ApiRequest, shipment: str) -> Response:
            return _given(request, shipment, kind, body)

    Give.__name__ = Give.__qualname__ = f"{kind.__name__}Shipment"
    Give.__doc__ = description
    return Give


def _given(request: ApiRequest, reference: str, kind: type[Command], shape: type[CommandBody]) -> Response:
    Query(request)
    found = shipment_or_404(request, reference)
    with refusals():
        body = bodies.read(request, shape)
        state = execute(
            request.environment.pk,
            found.pk,
            Reader(request.environment).command(body, kind),
            author=of_key(request.auth),
            now=timezone.now(),
            occurred_at=bodies.moment(body.occurred_at, "occurred_at"),
            expected_sequence=body.expected_sequence,
        )
    return Response(shipment_document(found.public_id, found.external_id, state, legal(state)))
