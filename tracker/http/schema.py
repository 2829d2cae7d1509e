"""How the OpenAPI document comes about: our structs become its schemas, every error its problem document."""

from collections.abc import Mapping
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from tracker.http.ingest_schema import INGEST, INGEST_SCHEMAS
from tracker.http.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from tracker.http.problems import MEDIA_TYPE, Problem

WHY = {
    400: "Something in the request is wrong; `param` names it.",
    401: "No key, or one that opens nothing. Codes: `missing_key`, `invalid_key`, `key_expired`, `wrong_key_kind`.",
    403: "The key's scopes do not cover this; the detail names the one it lacks. Code: `missing_scope`.",
    404: "There is no such thing in this environment. Code: `not_found`.",
    409: "It stands against what is there already; the code says what.",
    413: "The body is too large. Code: `body_too_large`.",
    415: "The body is not sent as JSON. Code: `unsupported_media_type`.",
    503: "The database cannot be reached; try again after `Retry-After` seconds. Code: `temporarily_unavailable`.",
}
CODES = {
    400: ("invalid_parameter", "limit must be a whole number from 1 to 1000, not '5000'.", "limit"),
    401: ("invalid_key", "This key is not one of ours, or was revoked.", None),
    403: ("missing_scope", "This key may not do that: it lacks the scope devices:write.", "Authorization"),
    404: ("not_found", "There is no such device in this environment.", None),
    409: (
        "too_many_certificates",
        "The device holds 10 certificates in force: revoke one first.",
        None,
    ),
    413: ("body_too_large", "The body is larger than 1048576 bytes.", None),
    415: (
        "unsupported_media_type",
        "Send the body as JSON, with the header Content-Type: application/json.",
        "Content-Type",
    ),
    503: ("temporarily_unavailable", "The database cannot be reached at the moment.", None),
}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    503: "Service Unavailable",
}
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    description="How many to answer with.",
)
CURSOR = OpenApiParameter(
    "cursor", str, description="The `next_cursor` of the answer before; the same filters go with it."
)

REFUSALS = {str(status): title.replace(" ", "") for status, title in TITLES.items()}
REQUEST_ID = {
    "description": "Quote it when you ask for help; every log line of the request carries it.",
    "schema": {"type": "string", "examples": ["req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"]},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Any value of your own, such as a UUID. A repeat of this request with the same key within 24 hours "
    "does nothing again and gets the first answer, with `Idempotent-Replayed: true`; refusals are not kept. The same "
    "key with another request is a 409, code `idempotency_key_reused`.",
}


class StructSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Lets a msgspec struct stand where drf-spectacular expects a serializer."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        """The struct's own name."""
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        """The struct's JSON schema; the structs inside it become components of their own."""
        _, components = msgspec.json.schema_components(
            [self.target], ref_template="#/components/schemas/{name}"
        )
        for name, schema in components.items():
            if name != self.get_name(auto_schema, direction):
                inner = next((s for s in msgspec.Struct.__subclasses__() if s.__name__ == name), name)
                component = ResolvedComponent(  # type: ignore[no-untyped-call]  # publishes no types
                    name, ResolvedComponent.SCHEMA, schema=schema, object=inner
                )
                auto_schema.registry.register_on_missing(component)
        return components[self.get_name(auto_schema, direction)]


def at(name: str, description: str) -> OpenApiParameter:
    """A parameter that is a time."""
    return OpenApiParameter(
        name,
        OpenApiTypes.DATETIME,
        description=f"{description} ISO 8601 (UTC where no offset is given), or seconds or milliseconds since 1970.",
    )


def problems(success: Any, *statuses: int) -> dict[Any, Any]:
    """The answers of an endpoint: its success (None is an empty 204) and the problem documents it may give."""
    answers: dict[Any, Any] = dict(success) if isinstance(success, Mapping) else {}
    if not answers:
        answers = {204: OpenApiResponse(description="Done.")} if success is None else {200: success}
    for status in sorted({*statuses, 400, 401, 403, 503}):
        answers[(status, MEDIA_TYPE)] = OpenApiResponse(Problem, WHY[status], [_example(status)])
    return answers


def complete(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's last hook: adds the ingest endpoint, which another process serves, and the request id."""
    result["paths"] = {**INGEST, **result["paths"]}
    schemas = result["components"].setdefault("schemas", {})
    schemas.update(INGEST_SCHEMAS)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    result["components"]["securitySchemes"] |= {
        "publishableKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pk_…",
            "description": "A publishable key: it may only report positions, so it may ship inside an app.",
        },
        "publishableKeyBasic": {
            "type": "http",
            "scheme": "basic",
            "description": "The publishable key as user name, the password empty.",
        },
    }
    result["components"]["headers"] = {"RequestId": REQUEST_ID}
    refusals: dict[str, Any] = result["components"].setdefault("responses", {})
    for address, path in result["paths"].items():
        for method, operation in path.items():
            if method == "post" and address.startswith("/api/"):
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            # either form of a key opens it: the framework would ask for both at once
            ways: list[dict[str, list[str]]] = [
                {name: []} for way in operation.get("security", []) for name in way
            ]
            operation["security"] = ways or [{}]  # none: for anybody
            for status, answer in operation["responses"].items():
                answer["description"] = answer["description"] or "Done."
                answer.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/RequestId"}
                if address.startswith("/api/") and status in REFUSALS:
                    operation["responses"][status] = _once(refusals, REFUSALS[status], answer)
    return result


def _once(known: dict[str, Any], name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """A reference to an answer that many operations share: written out each time they would be most of the document.
    One that says something else than its namesake stands where it is."""
    return {"$ref": f"#/components/responses/{name}"} if known.setdefault(name, answer) == answer else answer


def _example(status: int) -> OpenApiExample:
    code, detail, param = CODES[status]
    value = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d",
    }
    if param:
        value["param"] = param
    return OpenApiExample(
        code, value=value, response_only=True, status_codes=[str(status)], media_type=MEDIA_TYPE
    )
