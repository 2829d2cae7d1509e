"""The ingest endpoint as the OpenAPI document has it, written by hand: the edge knows no Django and no schema."""

from typing import Any

from ingest_lambda.report import MAX_ACTIVITY_CHARS, MAX_DEVICE_ID_CHARS, MAX_POSITIONS

POSITIONS = "/ingest/v1/positions"


def _text(description: str, longest: int | None = None, example: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": description}
    return schema | ({"maxLength": longest} if longest else {}) | ({"examples": [example]} if example else {})


def _number(description: str, example: float, **bounds: float) -> dict[str, Any]:
    return {"type": "number", "description": description, "examples": [example], **bounds}


POSITION_REPORT = {
    "type": "object",
    "description": "One fix, in SI units. A fix whose required facts make no sense is quarantined with a reason and "
    "costs the others nothing; an optional fact that makes no sense is dropped and costs the fix nothing.",
    "required": ["recorded_at", "latitude", "longitude"],
    "properties": {
        "recorded_at": {
            "description": "By the device's clock: ISO 8601, or seconds or milliseconds since 1970.",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}],
            "examples": ["2026-05-01T08:30:00Z", 1777624200],
        },
        "latitude": _number("Degrees, WGS 84.", 52.3702, minimum=-90, maximum=90),
        "longitude": _number("Degrees, WGS 84.", 4.8952, minimum=-180, maximum=180),
        "accuracy_m": _number("Radius in metres; negative means unknown.", 5),
        "altitude_m": _number("Metres above the ellipsoid.", 3),
        "speed_mps": _number("Metres per second; negative means unknown.", 8.3),
        "heading_deg": _number("Degrees clockwise from north; negative means unknown.", 270),
        "battery": _number("0 empty, 1 full.", 0.81, minimum=0, maximum=1),
        "charging": {"type": "boolean"},
        "activity": _text("What the device says it is doing.", MAX_ACTIVITY_CHARS, "driving"),
        "permissions": {"type": "object", "description": "The app's permissions, at most 1 KiB of JSON."},
        "extra": {"type": "object", "description": "Anything else, at most 4 KiB of JSON."},
    },
}
REPORT = {
    "type": "object",
    "description": "Positions of one device.",
    "required": ["device_id", "positions"],
    "properties": {
        "device_id": _text(
            "Your own id of the device. An unknown one is registered.", MAX_DEVICE_ID_CHARS, "van-12"
        ),
        "device": {
            "type": "object",
            "description": "What the device says about itself.",
            "properties": {
                "name": _text("Taken while the device has no name.", 200, "Van 12"),
                "model": _text("Hardware.", 100, "Pixel 9"),
                "os": _text("Operating system.", 100, "Android 16"),
                "app_version": _text("Version of the reporting app.", 100, "3.2.1"),
            },
        },
        "positions": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_POSITIONS,
            "items": {"$ref": "#/components/schemas/PositionReport"},
        },
    },
    "examples": [
        {
            "device_id": "van-12",
            "positions": [
                {
                    "recorded_at": "2026-05-01T08:30:00Z",
                    "latitude": 52.3702,
                    "longitude": 4.8952,
                    "accuracy_m": 5,
                }
            ],
        }
    ],
}
ACCEPTED = {
    "type": "object",
    "required": ["request_id", "received"],
    "properties": {
        "request_id": _text("Ends up with every position.", None, "req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"),
        "received": {
            "type": "integer",
            "minimum": 1,
            "description": "How many positions were in the request.",
        },
    },
}
INGEST_SCHEMAS = {"PositionReport": POSITION_REPORT, "Report": REPORT, "ReportAccepted": ACCEPTED}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


INGEST: dict[str, Any] = {
    POSITIONS: {
        "post": {
            "operationId": "report_positions",
            "summary": "Report positions",
            "description": "For devices, with a publishable key. The answer comes when the positions are safely on "
            "the stream; they are judged and stored right behind it, and what became of them is counted at "
            "`GET /api/v1/outcomes`. Sending the same positions twice is harmless. At most 1 MiB a request, which "
            "may be compressed with gzip.",
            "tags": ["Ingest"],
            "security": [{"publishableKey": []}, {"publishableKeyBasic": []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}},
            },
            "responses": {
                "202": {
                    "description": "Taken.",
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/ReportAccepted"}}
                    },
                },
                "400": _problem("The body is no JSON, or of another shape; `param` names the field."),
                "401": _problem("No key, or one that opens nothing here."),
                "413": _problem("The body is larger than 1 MiB."),
                "503": _problem("The stream cannot be reached; try again after `Retry-After` seconds."),
            },
        }
    }
}
