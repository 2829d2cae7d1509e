"""The API's description for machines (openapi.json) and for people (the reference page)."""

import json
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from tracker.http.reference_page import reference_of


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, made once a process."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # publishes no types
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    plain: dict[str, Any] = json.loads(msgspec.json.encode(document, enc_hook=str))
    return plain


def openapi_text() -> str:
    """The document as it is served; its outline for reviewers is `docs/api-outline.txt`."""
    return json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"


@require_safe
@transaction.non_atomic_requests
@cache_control(public=True, max_age=300)
def openapi(request: HttpRequest) -> HttpResponse:
    """The document; it holds nothing of anybody, so it needs no key and any page may read it."""
    return HttpResponse(
        openapi_text(), content_type="application/json", headers={"Access-Control-Allow-Origin": "*"}
    )


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The reference page, made from the document: readable without JavaScript and without the internet."""
    page = reference_of(openapi_document(), settings.BASE_URL)
    return render(request, "tracker/api/reference.html", {"reference": page})
