"""Reads of intake: uploads, the rows that have something to be said of them, doubtful places, the gazetteer's size."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from dispatch.fleet.sight import SightOfHubs
from dispatch.intake.models import GazetteerPlace, ShipmentUpload, ShipmentUploadRow
from dispatch.shipments.models import ShipmentState
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


def uploads_of(environment: Environment | int) -> QuerySet[ShipmentUpload]:
    """The uploads, without their bytes."""
    rows = ShipmentUpload.objects.for_environment(environment).select_related("hub", "uploaded_by")
    return rows.defer("content")


def uploads_in_sight(environment: Environment, sight: SightOfHubs, user_id: int) -> QuerySet[ShipmentUpload]:
    """Those a member may look at: all; with limits, those of a hub of theirs and their own."""
    rows = uploads_of(environment)
    return rows if sight is None else rows.filter(Q(hub_id__in=sight) | Q(uploaded_by_id=user_id))


def find_upload(rows: QuerySet[ShipmentUpload], public_id: str) -> ShipmentUpload | None:
    """The upload `upl_…` among these."""
    try:
        return rows.filter(uid=parse_id("upl", public_id)).first()
    except BadIdentifier:
        return None


def rows_of(upload: ShipmentUpload, *, refused: bool | None = None) -> QuerySet[ShipmentUploadRow]:
    """Rows with faults, in their order; those refused, those taken with a warning, or both."""
    rows = ShipmentUploadRow.objects.for_environment(upload.environment_id).filter(upload=upload)
    if refused is not None:
        rows = rows.filter(shipment=None) if refused else rows.exclude(shipment=None)
    return rows.select_related("shipment").order_by("number")


def every_fault(upload: ShipmentUpload) -> Iterator[tuple[ShipmentUploadRow, dict[str, Any]]]:
    """Each fault with its row, a few rows at a time."""
    for row in rows_of(upload).iterator(chunk_size=1_000):
        for fault in row.faults:
            yield row, fault


def doubtful_places(environment: Environment, sight: SightOfHubs) -> QuerySet[ShipmentState]:
    """Open shipments whose place a person must look at, the oldest first."""
    rows = ShipmentState.objects.for_environment(environment).filter(place_doubtful=True, ended_at=None)
    if sight is not None:
        rows = rows.filter(hub_id__in=sight)
    return rows.select_related("shipment", "hub").order_by("shipment_id")


def gazetteer_size(environment: Environment | int) -> int:
    """How many places the list holds."""
    return GazetteerPlace.objects.for_environment(environment).count()
