"""What the manifests' API endpoints share: rows or 404, refusals as problem documents, times of a body."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from dispatch.manifests.errors import ManifestRefusal, NoSuchManifest, NoSuchStop
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.schemas import StopDocument
from dispatch.manifests.selectors import manifest_of, stop_of
from tracker.http.endpoint import ApiRequest
from tracker.http.parsing import object_of
from tracker.http.problems import ApiProblem, bad_request, not_found
from tracker.http.times import BadMoment, moment_text, parse_moment


@contextmanager
def refusals() -> Iterator[None]:
    """Inside, what manifests refuse is answered as a problem document."""
    try:
        yield
    except (NoSuchManifest, NoSuchStop) as unknown:
        raise ApiProblem(404, unknown.code, str(unknown)) from None
    except ManifestRefusal as refusal:
        raise ApiProblem(409, refusal.code, str(refusal)) from None


def manifest_or_404(request: ApiRequest, public_id: str) -> Manifest:
    """The manifest that an address names."""
    found = manifest_of(request.environment, public_id)
    if found is None:
        raise not_found("manifest")
    return found


def stop_or_404(request: ApiRequest, public_id: str) -> ManifestStop:
    """The stop that an address names."""
    found = stop_of(request.environment, public_id)
    if found is None:
        raise not_found("stop")
    return found


def body_of(request: ApiRequest, *names: str) -> dict[str, Any]:
    """The body where there is one; a request that has nothing to say may come without."""
    empty = request.META.get("CONTENT_LENGTH") in {None, "", "0"}
    return {} if empty else object_of(request, *names)


def moment_in(body: Mapping[str, Any], now: datetime) -> datetime:
    """The `at` of a body: now where it says nothing, never later."""
    value = body.get("at")
    if value is None:
        return now
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadMoment
        return min(parse_moment(str(value)), now)
    except BadMoment:
        raise bad_request("invalid_field", "at must be a time such as 2026-05-01T08:30:00Z.", "/at") from None


def stop_document(stop: ManifestStop) -> StopDocument:
    """As the API shows it."""
    return StopDocument(
        id=stop.public_id,
        manifest=stop.manifest.public_id,
        shipment=stop.shipment.public_id,
        state=stop.state,  # type: ignore[arg-type]  # one of these, by the column's choices
        place=stop.place,
        arrived_at=moment_text(stop.arrived_at) if stop.arrived_at else None,
        finished_at=moment_text(stop.finished_at) if stop.finished_at else None,
    )
