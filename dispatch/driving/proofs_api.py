"""`/api/v1/proofs`: photos and signatures that prove deliveries, listed and given out."""

from typing import Annotated, Literal

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.driving.models import DeliveryProof
from dispatch.driving.proofs import as_answer, content_of
from dispatch.driving.selectors import proof_of, proofs_of
from dispatch.fleet.answering import driver_or_404
from dispatch.shipments.answering import shipment_or_404
from tracker.archive.shelf import NotThere
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.problems import not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.http.times import Moment, moment_text

PROOF = OpenApiParameter("proof", str, "path", description="`pod_…`")


class ProofDocument(Struct):
    """What proves a delivery; the bytes are at `content`."""

    id: Annotated[str, Meta(examples=["pod_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    shipment: str
    driver: str | None
    kind: Literal["photo", "signature", "code"]
    content_type: str
    size_bytes: int
    sha256: Annotated[str, Meta(description="Of the bytes, hexadecimal; the shipment's events name it.")]
    taken_at: Annotated[Moment, Meta(description="By the phone's clock.")]
    received_at: Moment
    content: Annotated[str, Meta(description="Where the bytes are, with the same key.")]


class ProofPage(Struct):
    """Proofs, the newest first."""

    data: list[ProofDocument]
    next_cursor: str | None


class Proofs(Endpoint):
    """Proofs of delivery."""

    @extend_schema(
        operation_id="list_proofs", summary="List proofs of delivery", tags=["Shipments"],
        parameters=[
            OpenApiParameter("shipment", str, description="Only those of this one: `shp_…` or `external:…`."),
            OpenApiParameter("driver", str, description="Only those of this driver: `drv_…` or `external:…`."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(ProofPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Proofs that phones have sent, the newest first."""
        query = Query(request, "shipment", "driver", "limit", "cursor")
        rows = proofs_of(request.environment.pk)
        if shipment := query.text("shipment", longest=300):
            rows = rows.filter(shipment=shipment_or_404(request, shipment))
        if driver := query.text("driver"):
            rows = rows.filter(driver=driver_or_404(request, driver))
        found, cursor = newest_first(f"proofs:{request.environment.pk}", query, rows)
        return Response(ProofPage([_document(row) for row in found], cursor))


class ProofContent(Endpoint):
    """The bytes of a proof."""

    @extend_schema(
        operation_id="get_proof_content", summary="Get a proof of delivery", tags=["Shipments"], parameters=[PROOF],
        responses=problems(
            {(200, "image/*"): OpenApiResponse(OpenApiTypes.BINARY, "The picture, as the phone sent it.")}, 404
        ),
    )  # fmt: skip
    def get(self, request: ApiRequest, proof: str) -> HttpResponse:
        """The photo or signature itself. A 404 also where its bytes are gone, as after forgetting a recipient."""
        Query(request)
        found = proof_of(request.environment.pk, proof)
        if found is None:
            raise not_found("proof")
        try:
            return as_answer(found, content_of(found))
        except (NotThere, OSError):
            raise not_found("proof") from None


def _document(row: DeliveryProof) -> ProofDocument:
    return ProofDocument(
        id=row.public_id,
        shipment=row.shipment.public_id,
        driver=row.driver.public_id if row.driver else None,
        kind=row.kind,  # type: ignore[arg-type]  # one of these, by who keeps it
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        sha256=bytes(row.sha256).hex(),
        taken_at=moment_text(row.taken_at),
        received_at=moment_text(row.received_at),
        content=f"/api/v1/proofs/{row.public_id}/content",
    )
