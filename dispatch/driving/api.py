"""What the driver's page asks for: its day, what was done, proofs."""

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.driving.actions import take
from dispatch.driving.bodies import Answered
from dispatch.driving.cookies import DriverRequest, drop_cookie, phone_required, refused
from dispatch.driving.errors import BadProof
from dispatch.driving.proofs import LARGEST, keep_proof
from dispatch.driving.reading import BadBody, read_body
from dispatch.driving.selectors import day_of, shipment_of_stop
from dispatch.driving.sessions import end_sessions

LARGEST_BODY = 1_000_000


@require_safe
@phone_required
def day(request: DriverRequest) -> HttpResponse:
    """Today's manifest and what the page needs besides."""
    return _json(day_of(request.phone, now=timezone.now()))


@require_POST
@phone_required
def actions(request: DriverRequest) -> HttpResponse:
    """What was done since the last time, the oldest first; repeats are harmless."""
    if len(request.body) > LARGEST_BODY:
        return refused(
            413, "body_too_large", f"The most is {LARGEST_BODY:,} bytes: send fewer actions at once."
        )
    try:
        clock_ms, done = read_body(request.body)
    except BadBody as problem:
        return refused(400, "invalid_body", str(problem))
    now = timezone.now()
    answers = take(request.phone, done, clock_ms=clock_ms, now=now)
    return _json(Answered(answers, day_of(request.phone, now=now)))


@require_http_methods(["PUT"])
@phone_required
def proof(request: DriverRequest, proof_id: uuid.UUID) -> HttpResponse:
    """A photo or signature of a stop, under an id made on the phone; the same again is harmless."""
    stop, kind = request.GET.get("stop", ""), request.GET.get("kind", "")
    shipment = shipment_of_stop(request.phone, stop)
    if shipment is None:
        return refused(404, "not_found", "This is no stop of yours.")
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return refused(413, "body_too_large", f"The most is {LARGEST:,} bytes.")
    now = timezone.now()
    try:
        kept = keep_proof(
            shipment, kind, request.read(LARGEST + 1), uid=proof_id, driver=request.phone.driver,
            taken_at=_taken_at(request.GET.get("at", ""), now), now=now,
        )  # fmt: skip
    except BadProof as problem:
        return refused(422, "bad_proof", str(problem))
    return JsonResponse({"proof": kept.uid, "sha256": bytes(kept.sha256).hex()})


@require_POST
@phone_required
def sign_out(request: DriverRequest) -> HttpResponse:
    """End this phone's session."""
    end_sessions(request.phone.driver, reason="signed out on the phone", now=timezone.now())
    answer = JsonResponse({"signed_out": True})
    drop_cookie(answer)
    return answer


def _taken_at(text: str, now: datetime) -> datetime:
    """By the phone's clock, in milliseconds; never after now."""
    try:
        return min(now, datetime.fromtimestamp(int(text) / 1000, tz=UTC))
    except (ValueError, OverflowError, OSError):
        return now


def _json(body: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), content_type="application/json")
