"""`/api/v1/shipments/{shipment}/evidence` and the key that signs the packs, `/api/v1/evidence-key`."""

from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.shipments.answering import SHIPMENT, shipment_or_404
from dispatch.shipments.evidence.packing import NoEvents, pack
from dispatch.shipments.evidence.signing import public_key
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.problems import not_found
from tracker.http.query import Query
from tracker.http.schema import problems


class EvidenceKey(Struct):
    """The public key with which evidence packs are signed."""

    algorithm: str
    public_key: Annotated[str, Meta(min_length=64, max_length=64, description="Hexadecimal.")]


class Evidence(Endpoint):
    """The evidence of a shipment."""

    @extend_schema(
        operation_id="get_shipment_evidence", summary="Get the evidence pack", tags=["Shipments"],
        parameters=[SHIPMENT],
        responses=problems(
            {(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The pack.")}, 404
        ),
    )  # fmt: skip
    def get(self, request: ApiRequest, shipment: str) -> HttpResponse:
        """One zip file for a dispute: all events with their authors, chained by hashes; the positions of the driver's
        device and the borders it crossed around each transition; the zones' version; proofs of delivery; and a script
        that checks all of it offline."""
        Query(request)
        found = shipment_or_404(request, shipment)
        try:
            content = pack(request.environment.pk, found.pk, now=timezone.now())
        except NoEvents:
            raise not_found("shipment") from None
        return as_file(content, found.public_id)


class SigningKey(Endpoint):
    """The key behind the signatures."""

    @extend_schema(
        operation_id="get_evidence_key", summary="Get the key that signs evidence", tags=["Shipments"],
        responses=problems(EvidenceKey),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Give it to `verify_evidence.py --key`: whoever changes a pack could sign it with a key of their own."""
        Query(request)
        return Response(EvidenceKey("Ed25519", public_key()))


def as_file(content: bytes, shipment: str) -> HttpResponse:
    """The pack as a download."""
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="evidence-{shipment}.zip"'
    return answer
