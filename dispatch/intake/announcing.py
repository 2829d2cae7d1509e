"""Announces a chunk of rows as shipments, and writes down what is to be said of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from dispatch.intake.models import ShipmentUpload, ShipmentUploadRow
from dispatch.intake.options import Options
from dispatch.intake.settling import Settled
from dispatch.shipments.authors import Author, system
from dispatch.shipments.commands import LeaveNote
from dispatch.shipments.models import Shipment
from dispatch.shipments.services import Created, NewShipment, Refused, Repeated, create, execute_many

# the field of a shipment that was refused, and the column a person would look at
COLUMN_OF = {"slots": "slot", "size": "parcels", "cash_minor": "cash", "confidence": "address", "place_by": "address",
             "service_s": "service_min", "metadata": "note"}  # fmt: skip


@dataclass
class Counts:
    """What became of some rows."""

    rows: int = 0
    created: int = 0
    repeated: int = 0
    changed: int = 0
    refused: int = 0
    doubtful: int = 0


def announce(
    environment_id: int, upload: ShipmentUpload, rows: Sequence[Settled], options: Options, *, now: datetime
) -> Counts:
    """Announce what can be; the counts. Runs in the caller's transaction and scope."""
    author = msgspec.convert(upload.author, Author) if upload.author else system("upload")
    known = _known(environment_id, [row for row in rows if (row.past or row.hub_by_zone) and not row.refused])
    wanted = [row for row in rows if not row.refused and (not row.past or row.draft.external_id in known)]
    new = [
        NewShipment(row.create(known=row.draft.external_id in known), row.draft.external_id) for row in wanted
    ]
    results = create(environment_id, new, author=author, now=now, change=options.change)
    counts = Counts(rows=len(rows))
    shipments: dict[int, int] = {}
    notes = []
    for row, result in zip(wanted, results, strict=True):
        _tell(row, result, counts)
        if not isinstance(result, Refused):
            shipments[row.draft.number] = result.shipment_id
        if isinstance(result, Created) and row.draft.note:
            notes.append((result.shipment_id, LeaveNote(note=row.draft.note)))
    if notes:
        execute_many(environment_id, notes, author=author, now=now)
    counts.refused = sum(1 for row in rows if row.draft.number not in shipments)
    _write(environment_id, upload, rows, shipments)
    return counts


def _tell(row: Settled, result: Created | Repeated | Refused, counts: Counts) -> None:
    faults = row.draft.faults
    if isinstance(result, Refused):
        for fault in result.faults:
            name = COLUMN_OF.get(fault.field, fault.field)
            row.refuse(name, fault.reason)
        return
    if row.past:  # it was announced while the slot lay ahead: the same file again is no fault
        faults.found = [fault for fault in faults.found if fault.reason != row.past_reason]
    if isinstance(result, Created):
        counts.created += 1
        counts.doubtful += bool(row.doubt)
    elif result.changed:
        counts.changed += 1
    else:
        counts.repeated += 1
        faults.found = []  # nothing was taken, so nothing is to be warned of


def _known(environment_id: int, rows: Sequence[Settled]) -> set[str]:
    """Which of these were announced before."""
    ids = [row.draft.external_id for row in rows]
    if not ids:
        return set()
    found = Shipment.objects.for_environment(environment_id).filter(external_id__in=ids)
    return {text for text in found.values_list("external_id", flat=True) if text}


def _write(
    environment_id: int, upload: ShipmentUpload, rows: Sequence[Settled], shipments: dict[int, int]
) -> None:
    told = [row.draft for row in rows if row.draft.faults.found]
    ShipmentUploadRow.objects.for_environment(environment_id).bulk_create(
        [
            ShipmentUploadRow(
                environment_id=environment_id,
                upload_id=upload.pk,
                number=draft.number,
                shipment_id=shipments.get(draft.number),
                cells=draft.cells,
                faults=[fault.document() for fault in draft.faults.found],
            )
            for draft in told
        ],
        ignore_conflicts=True,
    )
