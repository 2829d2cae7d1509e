"""Notes each call of the API for the customers' request log, after it is answered and without a query."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from tracker.requestlog import posting

API = "/api/v1/"
logger = logging.getLogger(__name__)


class RequestLogMiddleware:
    """Stands right inside the correlation id, so that everything else is timed too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API):
            return self.get_response(request)
        at_us, began = time.time_ns() // 1000, time.perf_counter_ns()
        response = self.get_response(request)
        try:
            posting.poster.note(request, response, at_us, (time.perf_counter_ns() - began) // 1000)
        except Exception:  # a call must not fail because its record does
            logger.exception("a call was not noted in the request log")
        return response
