"""One id for each request, on the answer, in every log line and in every error document."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"req_[0-9a-f]{32}")


def current_request_id() -> str:
    """The id of the request being served, or an empty text outside one."""
    return _request_id.get()


class CorrelationMiddleware:
    """Gives each request its id: the caller's own where it has our form, a new one otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request_id = offered if _ACCEPTABLE.fullmatch(offered) else f"req_{uuid.uuid4().hex}"
        request.milepost_request_id = request_id  # type: ignore[attr-defined]  # for lines written after us
        token = _request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _request_id.reset(token)
        response["X-Request-Id"] = request_id
        return response


class CorrelationFilter(logging.Filter):
    """Puts the request's id on each log record: the running one's, or that of the request the line is about.

    Django writes its line about a refusal outside the middleware, when no request runs any more. A line that
    names a report's request id itself keeps it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        about = getattr(getattr(record, "request", None), "milepost_request_id", "")
        record.request_id = getattr(record, "request_id", "") or about or _request_id.get()
        return True
