"""What the API says of uploads and of their rows."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dispatch.intake.models import ShipmentUpload, ShipmentUploadRow
from tracker.http.times import Moment, moment_text


class ShipmentUploadDocument(Struct):
    """A file of shipments and how far it has been read."""

    id: Annotated[str, Meta(examples=["upl_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    file_name: str
    state: Annotated[
        Literal["waiting", "reading", "done", "failed"],
        Meta(description="`failed`: the file as a whole could not be read; rows that were, are kept."),
    ]
    problem: Annotated[str | None, Meta(description="Why it could not be read, for a person.")]
    total_rows: Annotated[int | None, Meta(description="Null while it is not known.")]
    rows: Annotated[int, Meta(description="Read so far.")]
    created: int
    repeated: Annotated[int, Meta(description="Were there already, the same.")]
    changed: Annotated[int, Meta(description="Were there already, and took the new content.")]
    refused: int
    doubtful: Annotated[int, Meta(description="Created; a person must look at the place.")]
    columns: Annotated[dict[str, str], Meta(description="Heading to the column it was taken for.")]
    ignored: Annotated[list[str], Meta(description="Headings nobody knows; kept as metadata.")]
    encoding: str | None
    hub: str | None
    created_at: Moment
    finished_at: Moment | None


class UploadPage(Struct):
    """Some uploads; `next_cursor` asks for more."""

    data: list[ShipmentUploadDocument]
    next_cursor: str | None


class FaultDocument(Struct):
    """What is wrong with a cell of a row."""

    column: str
    cell: Annotated[str, Meta(examples=["F17"], description="Empty where the row as a whole is meant.")]
    value: str
    reason: str
    refused: Annotated[bool, Meta(description="False: a warning; the row was taken.")]


class UploadRowDocument(Struct):
    """A row that was refused, or taken with a warning."""

    row: Annotated[int, Meta(description="As a spreadsheet counts: the heading is usually row 1.")]
    shipment: Annotated[str | None, Meta(description="Null where the row was refused.")]
    cells: dict[str, str]
    faults: list[FaultDocument]


class UploadRowPage(Struct):
    """Some rows; `next_cursor` asks for more."""

    data: list[UploadRowDocument]
    next_cursor: str | None


class GazetteerDocument(Struct):
    """The list of places by which addresses are found."""

    places: int
    loaded: Annotated[int, Meta(description="With this request.")]
    left_out: Annotated[list[str], Meta(description="Rows that were left out, each with its cell and why.")]


def upload_document(upload: ShipmentUpload) -> ShipmentUploadDocument:
    """An upload; its hub is loaded."""
    seen = upload.facts
    states: dict[str, Literal["waiting", "reading", "done", "failed"]] = {
        "waiting": "waiting", "reading": "reading", "done": "done", "failed": "failed"
    }  # fmt: skip
    return ShipmentUploadDocument(
        id=upload.public_id,
        file_name=upload.file_name,
        state=states[upload.state],
        problem=upload.problem or None,
        total_rows=upload.total_rows,
        rows=upload.rows,
        created=upload.created,
        repeated=upload.repeated,
        changed=upload.changed,
        refused=upload.refused,
        doubtful=upload.doubtful,
        columns=seen.get("columns", {}),
        ignored=seen.get("unknown", []),
        encoding=seen.get("encoding") or None,
        hub=upload.hub.public_id if upload.hub else None,
        created_at=moment_text(upload.created_at),
        finished_at=moment_text(upload.finished_at) if upload.finished_at else None,
    )


def row_document(row: ShipmentUploadRow) -> UploadRowDocument:
    """A row with its faults; its shipment is loaded."""
    faults = [FaultDocument(**fault) for fault in row.faults]
    return UploadRowDocument(row.number, row.shipment.public_id if row.shipment else None, row.cells, faults)
