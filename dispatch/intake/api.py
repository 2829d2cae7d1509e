"""`/api/v1/shipment-uploads`: send a file, see how far it is, what was wrong; `/api/v1/gazetteer`: places by which
addresses are found."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from dispatch.fleet.references import find
from dispatch.fleet.selectors import hubs_of
from dispatch.intake.cells import Wrong, currency_code
from dispatch.intake.delimited import DELIMITERS
from dispatch.intake.encodings import CHOICES
from dispatch.intake.faults import Unreadable
from dispatch.intake.locating import look_again
from dispatch.intake.models import ShipmentUpload
from dispatch.intake.options import KEEP, REFUSE, Options
from dispatch.intake.schemas import (
    GazetteerDocument,
    ShipmentUploadDocument,
    UploadPage,
    UploadRowPage,
    row_document,
    upload_document,
)
from dispatch.intake.selectors import find_upload, gazetteer_size, rows_of, uploads_of
from dispatch.intake.services import load_gazetteer, take_upload
from dispatch.intake.sheets import LARGEST_FILE
from dispatch.shipments.authors import of_key
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import cursor_of, limit_of, newest_first, place_in
from tracker.http.problems import bad_request, not_found, too_large
from tracker.http.query import Query, wrong
from tracker.http.schema import CURSOR, LIMIT, problems

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD = OpenApiParameter("upload", str, "path", description="`upl_…`.")
FILE = {"text/csv": OpenApiTypes.STR, XLSX: OpenApiTypes.BINARY}
YES_OR_NO = ["true", "false"]
NAMES = ("file_name", "hub", "date_form", "day", "currency", "encoding", "delimiter", "past_slots", "change")
DIVIDERS = {name.replace(" ", "_"): mark for mark, name in DELIMITERS.items()}


HOW = [
    OpenApiParameter("file_name", str, description="As it is shown in the console."),
    OpenApiParameter("hub", str, description="Of rows that name none: `hub_…` or `external:…`."),
    OpenApiParameter(
        "date_form", str, enum=["dmy", "mdy"], description="Of 11/12/2026. ISO 8601 is always read."
    ),
    OpenApiParameter("day", OpenApiTypes.DATE, description="Of slots that name no day."),
    OpenApiParameter("currency", str, description="Of amounts that name none."),
    OpenApiParameter("encoding", str, enum=list(CHOICES), description="Told from the bytes where it can be."),
    OpenApiParameter(
        "delimiter", str, enum=list(DIVIDERS), description="Told from the file where not given."
    ),
    OpenApiParameter("past_slots", str, enum=[REFUSE, KEEP], description="A row whose slots are over."),
    OpenApiParameter(
        "change", str, enum=YES_OR_NO, description="A row whose id is known changes that shipment."
    ),
]
REFUSED = OpenApiParameter(
    "refused", str, enum=YES_OR_NO, description="Only refused rows, or only taken ones."
)


class FileParser(BaseParser):
    """The bytes as they come; what they are is told by themselves."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The whole body, bytes. Raises ApiProblem 413."""
        body: bytes = stream.read(LARGEST_FILE + 1)
        if len(body) > LARGEST_FILE:
            raise too_large(LARGEST_FILE)
        return body


class WorkbookParser(FileParser):
    """The same for .xlsx."""

    media_type = XLSX


class BytesParser(FileParser):
    """The same for whoever does not know what they send."""

    media_type = "application/octet-stream"


FILE_PARSERS: list[type[BaseParser]] = [FileParser, WorkbookParser, BytesParser]


class ShipmentUploads(Endpoint):
    """Files of shipments."""

    parser_classes = FILE_PARSERS

    @extend_schema(
        operation_id="list_shipment_uploads", summary="List uploads", tags=["Shipments"],
        parameters=[LIMIT, CURSOR], responses=problems(UploadPage),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Uploads, the newest first."""
        query = Query(request, "limit", "cursor")
        rows = uploads_of(request.environment)
        found, cursor = newest_first(f"shipment-uploads:{request.environment.pk}", query, rows)
        return Response(UploadPage([upload_document(one) for one in found], cursor))

    @extend_schema(
        operation_id="upload_shipments", summary="Upload shipments", tags=["Shipments"],
        parameters=HOW,
        request=FILE, responses=problems({202: ShipmentUploadDocument}, 404, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """A CSV file or .xlsx workbook of up to 32 MiB and 100,000 rows, as the body. It is read soon after; ask for
        the upload to see how far it is. Rows are taken or refused one by one. The same file again is harmless: a row
        is known by its id, or by its content where it has none. An unreadable file is answered with `state: failed`."""
        query = Query(request, *NAMES)
        content = _file(request)
        hub = None
        if (named := query.text("hub")) is not None:
            hub = find(hubs_of(request.environment), "hub", named)
            if hub is None:
                raise not_found("hub")
        made = take_upload(
            request.environment.pk, content, _options(query), hub=hub, by=None, author=of_key(request.auth),
            file_name=query.text("file_name", longest=200) or "API",
        )  # fmt: skip
        return Response(upload_document(made), status=202)


class OneShipmentUpload(Endpoint):
    """An upload."""

    @extend_schema(
        operation_id="get_shipment_upload", summary="Look at an upload", tags=["Shipments"],
        parameters=[UPLOAD], responses=problems(ShipmentUploadDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, upload: str) -> Response:
        """How far it has been read, and what became of its rows."""
        Query(request)
        return Response(upload_document(_upload_or_404(request, upload)))


class ShipmentUploadRows(Endpoint):
    """The rows of an upload that something is to be said of."""

    @extend_schema(
        operation_id="list_shipment_upload_rows", summary="List an upload's faulty rows", tags=["Shipments"],
        parameters=[UPLOAD, REFUSED, LIMIT, CURSOR],
        responses=problems(UploadRowPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, upload: str) -> Response:
        """Rows that were refused or taken with a warning, in their order, with every fault and its cell."""
        query = Query(request, "refused", "limit", "cursor")
        found = _upload_or_404(request, upload)
        limit, list_name = limit_of(query), f"shipment-upload-rows:{found.pk}"
        refused = query.choice("refused", YES_OR_NO)
        rows = rows_of(found, refused=None if refused is None else refused == "true")
        after = place_in(list_name, query, int)
        page = list((rows if after is None else rows.filter(number__gt=after))[: limit + 1])
        cursor = cursor_of(list_name, page[limit - 1].number) if len(page) > limit else None
        return Response(UploadRowPage([row_document(row) for row in page[:limit]], cursor))


class Gazetteer(Endpoint):
    """The list of places by which addresses are found without asking anybody."""

    parser_classes = FILE_PARSERS

    @extend_schema(
        operation_id="get_gazetteer", summary="Look at the gazetteer", tags=["Shipments"],
        responses=problems(GazetteerDocument),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """How many places it holds."""
        Query(request)
        return Response(GazetteerDocument(gazetteer_size(request.environment), 0, []))

    @extend_schema(
        operation_id="load_gazetteer", summary="Load places", tags=["Shipments"],
        request=FILE, responses=problems(GazetteerDocument, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """A CSV file or .xlsx workbook with columns for latitude, longitude, and a name, an address or a postcode.
        Places are added; one that is known by name, postcode and town is brought up to date, so sending it again is
        harmless."""
        Query(request)
        content = _file(request)
        try:
            loaded, problems_ = load_gazetteer(request.environment.pk, content)
        except Unreadable as why:
            raise bad_request("invalid_file", str(why)) from None
        look_again(request.environment.pk, now=timezone.now())
        return Response(GazetteerDocument(gazetteer_size(request.environment), loaded, problems_))


def _file(request: ApiRequest) -> bytes:
    content: Any = request.data
    if not isinstance(content, bytes) or not content:
        raise bad_request("invalid_file", "The body must be the file: CSV or .xlsx.")
    return content


def _upload_or_404(request: ApiRequest, upload: str) -> ShipmentUpload:
    found = find_upload(uploads_of(request.environment), upload)
    if found is None:
        raise not_found("upload")
    return found


def _options(query: Query) -> Options:
    currency = query.text("currency", longest=10) or ""
    try:
        currency = currency_code(currency) if currency else ""
    except Wrong as why:
        raise wrong("currency", f"currency {why}.") from None
    return Options(
        encoding=query.choice("encoding", CHOICES) or "",
        delimiter=DIVIDERS.get(query.choice("delimiter", DIVIDERS) or "", ""),
        date_form=query.choice("date_form", ["dmy", "mdy"]) or "",
        day=query.day("day"),
        currency=currency,
        past_slots=query.choice("past_slots", [REFUSE, KEEP]) or REFUSE,
        change=query.choice("change", YES_OR_NO) == "true",
    )
