"""The one way an API request is refused: ApiProblem, and the RFC 9457 document each error becomes."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import Http404, HttpResponse
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

from tracker.http.correlation import current_request_id

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL_CHARS = 500
RETRY_AFTER_S = 5
logger = logging.getLogger(__name__)


class ApiProblem(Exception):
    """A refusal. `code` is stable, `detail` a sentence for people, `param` the field it is about.

    `param` is the name of a query parameter or header, or a JSON pointer into the body (`/metadata/plate`).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        param: str | None = None,
        headers: dict[str, str] | None = None,
        legal: list[str] | None = None,
        changes: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.param = status, code, detail, param
        self.headers = headers or {}
        self.legal, self.changes = legal, changes


class Problem(msgspec.Struct, omit_defaults=True):
    """What every error of the API looks like (RFC 9457). Branch on `code`; show `detail`; quote `request_id`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    param: str | None = None
    legal: list[str] | None = None  # of a transition that cannot be: those that can, perhaps none
    changes: list[dict[str, Any]] | None = (
        None  # of a plan that is another by now: what was done to it, by whom
    )


def bad_request(code: str, detail: str, param: str | None = None) -> ApiProblem:
    """400: something about the request is wrong, and `param` says what."""
    return ApiProblem(400, code, detail, param=param)


def not_found(what: str) -> ApiProblem:
    """404: there is no such thing here, or it is somebody else's; the two are not told apart."""
    return ApiProblem(404, "not_found", f"There is no such {what} in this environment.")


def unauthorized(code: str, detail: str) -> ApiProblem:
    """401: no key, or one that opens nothing here.

    Only Bearer is offered: a browser would answer an offer of Basic with a password window of its own.
    """
    return ApiProblem(401, code, detail, headers={"WWW-Authenticate": 'Bearer realm="Milepost API"'})


def too_large(limit: int) -> ApiProblem:
    """413: the body is over `limit` bytes."""
    return ApiProblem(413, "body_too_large", f"The body is larger than {limit} bytes.")


def unavailable() -> ApiProblem:
    """503: the database is away; the same request may succeed soon."""
    detail = "The database cannot be reached at the moment. Try again in a few seconds."
    return ApiProblem(503, "temporarily_unavailable", detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def problem_of(error: BaseException) -> ApiProblem | None:
    """The refusal an exception stands for; None for one that is a mistake of ours."""
    if isinstance(error, ApiProblem):
        return error
    if isinstance(error, Http404):
        return ApiProblem(404, "not_found", "There is nothing at this address. See /api/reference/.")
    if isinstance(error, RequestDataTooBig):
        return ApiProblem(413, "body_too_large", "The body is too large.")
    if isinstance(error, SuspiciousOperation):
        return bad_request("bad_request", "The request cannot be understood.")
    if isinstance(error, PermissionDenied):
        return ApiProblem(403, "forbidden", "This is not allowed.")
    if isinstance(error, OperationalError | InterfaceError | RedisError):
        logger.warning("database or cache away: %s", error)
        return unavailable()
    return _of_framework(error) if isinstance(error, exceptions.APIException) else None


def document(problem: ApiProblem) -> Problem:
    """The error document; the running request's id is in it."""
    return Problem(
        type="about:blank",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail[:MAX_DETAIL_CHARS],
        code=problem.code,
        request_id=current_request_id(),
        param=problem.param,
        legal=problem.legal,
        changes=problem.changes,
    )


def answer(problem: ApiProblem) -> HttpResponse:
    """The whole answer, for refusals outside an API view."""
    return HttpResponse(
        msgspec.json.encode(document(problem)),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's hook: an error raised in a view becomes its document and undoes its writes."""
    problem = problem_of(error)
    if problem is None:
        return None  # Django logs it and answers through `tracker.http.failures`
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    return Response(
        document(problem), status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )


def _of_framework(error: exceptions.APIException) -> ApiProblem:
    detail = str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return unauthorized("missing_key", "Send your secret key: Authorization: Bearer sk_...")
    if isinstance(error, exceptions.MethodNotAllowed):
        return ApiProblem(405, "method_not_allowed", f"{detail} See /api/reference/.")
    if isinstance(error, exceptions.UnsupportedMediaType):
        detail = "Send the body as JSON, with the header Content-Type: application/json."
        return ApiProblem(415, "unsupported_media_type", detail, param="Content-Type")
    return ApiProblem(error.status_code, str(error.default_code), detail)
