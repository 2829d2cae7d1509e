"""The two addresses the provider posts its news to: whole events, and thin ones about meters."""

import json
import logging
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.payments import client, news
from billing.payments.port import BadSignature, News

LONGEST_BODY = 512 * 1024

logger = logging.getLogger(__name__)


@csrf_exempt  # the signature is the credential, and no cookie is used
@require_POST
def whole_events(request: HttpRequest) -> HttpResponse:
    """Snapshot events of the provider's version 1."""
    return _take(request, lambda body, signature: client.payments().read_news(body, signature))


@csrf_exempt  # as above
@require_POST
def thin_events(request: HttpRequest) -> HttpResponse:
    """Thin events of version 2: faults of meters come by these alone."""
    return _take(request, lambda body, signature: client.payments().read_thin_news(body, signature))


def _take(request: HttpRequest, read: Callable[[bytes, str], News]) -> HttpResponse:
    """200 once it is stored: what it brings about is done by the tick. 400 for what is not the provider's."""
    if not client.is_configured():
        raise Http404
    body = request.body
    try:
        if len(body) > LONGEST_BODY:
            raise BadSignature("The body is too long.")
        found = read(body, request.headers.get("Stripe-Signature", ""))
    except BadSignature as refusal:
        logger.warning("a webhook was refused", extra={"reason": str(refusal)})
        return HttpResponse(f"{refusal}\n", status=400, content_type="text/plain")
    news.keep(found, json.loads(body), now=timezone.now())
    return HttpResponse("kept\n", content_type="text/plain")
