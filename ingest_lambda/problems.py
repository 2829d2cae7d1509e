"""What the porch answers when it cannot take a request: RFC 9457 problem documents, one renderer."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from ingest_lambda.exchange import Reply
from ingest_lambda.keys import VerifiedKey

MAX_DETAIL_CHARS = 500

# Every answer carries these. Browsers post with publishable keys, which are no secret, so any origin may.
OPEN_TO_BROWSERS = [
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy"),
]


class Problem(Exception):
    """A refusal of a whole request. `code` is stable, `detail` is a sentence for people, `param` names the field.

    `param` is a JSON pointer into the body (`/positions/3/latitude`), or the name of a header.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        param: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.param = param
        self.headers = headers
        self.key: VerifiedKey | None = None  # a genuine key that came along and opens nothing here


class _Document(msgspec.Struct, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    param: str | None = None


def unauthorized(code: str, detail: str) -> Problem:
    """401: no key, or one that opens nothing here."""
    return Problem(401, code, detail, headers=(("www-authenticate", 'Bearer realm="Milepost"'),))


def wrong_shape(code: str, detail: str, param: str | None = None) -> Problem:
    """400: the body is no JSON, or not the JSON that was asked for."""
    return Problem(400, code, detail, param=param)


def body_too_large(limit: int) -> Problem:
    """413: over `limit` bytes, as sent or unpacked."""
    return Problem(
        413, "body_too_large", f"The body is larger than {limit} bytes. Send fewer positions at a time."
    )


def render(problem: Problem, request_id: str) -> Reply:
    """The reply for a problem, with the request id in the document and in its header."""
    document = _Document(
        type="about:blank",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail[:MAX_DETAIL_CHARS],
        code=problem.code,
        request_id=request_id,
        param=problem.param,
    )
    headers = [
        ("content-type", "application/problem+json"),
        ("x-request-id", request_id),
        *OPEN_TO_BROWSERS,
        *problem.headers,
    ]
    return Reply(problem.status, headers, msgspec.json.encode(document), problem.code)
