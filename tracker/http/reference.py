"""The API's description for machines (openapi.json) and for people (the reference page)."""

from functools import cache

import msgspec
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator


@cache
def openapi_document() -> bytes:
    """The OpenAPI 3.1 document, made once a process."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    return msgspec.json.encode(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@require_safe
@transaction.non_atomic_requests
@cache_control(public=True, max_age=300)
def openapi(request: HttpRequest) -> HttpResponse:
    """The document; it holds nothing of anybody, so it needs no key."""
    response = HttpResponse(openapi_document(), content_type="application/vnd.oai.openapi+json;version=3.1")
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The reference page."""
    return render(request, "tracker/api/reference.html")
