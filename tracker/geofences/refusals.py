"""How the API says no to a geofence: a problem document with every fault and its place."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from tracker.geofences.faults import Faults
from tracker.geofences.schemas import GeofenceProblem, fault_documents
from tracker.geofences.shape_facts import MOST_GEOFENCES
from tracker.http.correlation import current_request_id
from tracker.http.parsing import StrictJSONParser, decode
from tracker.http.problems import MEDIA_TYPE, ApiProblem, too_large

LARGEST_UPLOAD = 8 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets and some exports begin with it
WITH_FAULTS = {
    (400, MEDIA_TYPE): OpenApiResponse(
        GeofenceProblem,
        "Something in the request is wrong; `faults` says what and where. Nothing was stored.",
    )
}


class UploadParser(StrictJSONParser):
    """JSON as everywhere, of a size that whole cities need."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value in the body. Raises ApiProblem."""
        body = stream.read(LARGEST_UPLOAD + 1)
        if len(body) > LARGEST_UPLOAD:
            raise too_large(LARGEST_UPLOAD)
        return decode(body.removeprefix(BYTE_ORDER_MARK))


class GeoJSONParser(UploadParser):
    """The same under GeoJSON's own media type (RFC 7946, section 12)."""

    media_type = "application/geo+json"


UPLOAD_PARSERS: list[type[BaseParser]] = [UploadParser, GeoJSONParser]


def refusal(faults: Faults, *, code: str = "invalid_geofence") -> Response:
    """400 with all that is wrong."""
    first = faults.kept[0]
    more = f" There are {faults.count - 1} more faults." if faults.count > 1 else ""
    return Response(
        GeofenceProblem(
            type="about:blank",
            title="Bad Request",
            status=400,
            detail=f"{first.sentence}{more}",
            code=code,
            request_id=current_request_id(),
            param=first.where.path,
            faults=fault_documents(faults),
            fault_count=faults.count,
        ),
        status=400,
        content_type=MEDIA_TYPE,
    )


def conflict(code: str, detail: str) -> ApiProblem:
    """409: it stands against what is there already."""
    return ApiProblem(409, code, detail)


def id_taken() -> ApiProblem:
    """409 for an external id that another geofence holds."""
    return conflict("external_id_taken", "Another geofence of this environment has this external_id.")


def too_many() -> ApiProblem:
    """409 for a set that is full."""
    return conflict("too_many_geofences", f"A set may hold {MOST_GEOFENCES:,} geofences.")


def nothing_to_publish() -> ApiProblem:
    """409 for a version that would change nothing."""
    return conflict("nothing_to_publish", "This is what is published already.")
