"""How requests are read: Stripe's nested form encoding, and errors in its envelope."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


class Refusal(Exception):
    """An answer in Stripe's error envelope."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = "", param: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {
            "error": {"type": kind, "message": message, "code": code or None, "param": param or None}
        }


def missing(kind: str, number: str) -> Refusal:
    """What Stripe says of an id it does not know."""
    return Refusal(404, f"No such {kind}: '{number}'", code="resource_missing", param="id")


@dataclass
class Request:
    """One request, its parameters unfolded."""

    method: str
    path: str
    params: dict[str, Any]
    raw: bytes
    headers: dict[str, str]
    ids: tuple[str, ...] = field(default=())

    def want(self, name: str) -> Any:
        """A parameter that must be there."""
        if name not in self.params:
            raise Refusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        return self.params[name]

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        raw = self.params.get(name, default) if default is not None else self.want(name)
        try:
            return int(raw)
        except (TypeError, ValueError):
            raise Refusal(
                400, f"Invalid integer: {raw}", code="parameter_invalid_integer", param=name
            ) from None


def unfold(encoded: str) -> dict[str, Any]:
    """`a[b][0][c]=1` as {"a": {"b": [{"c": "1"}]}}."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        parts = name.replace("]", "").split("[")
        place = root
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return {key: _lists(value) for key, value in root.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(one) for key, one in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def read(environ: dict[str, Any]) -> Request:
    """The request of a WSGI environment."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    raw = environ["wsgi.input"].read(length) if length else b""
    params = unfold(environ.get("QUERY_STRING", ""))
    if raw and "json" in environ.get("CONTENT_TYPE", ""):
        params |= json.loads(raw)
    elif raw:
        params |= unfold(raw.decode())
    headers = {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
    return Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], params, raw, headers)


def yes(value: Any) -> bool:
    """A flag as forms write it."""
    return str(value).lower() == "true"
