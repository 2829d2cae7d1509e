"""Errors outside a view: a problem document below /api/, a page everywhere else."""

import sys

from django.http import HttpRequest, HttpResponse

from tracker.console import errors as pages
from tracker.http.problems import ApiProblem, answer, problem_of

API = "/api/"
BROKEN = ApiProblem(
    500, "internal_error", "Something broke on our side. It is logged under the request id of this answer."
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or what the exception stands for more exactly."""
    if request.path.startswith(API):
        return answer(problem_of(exception) or ApiProblem(400, "bad_request", "The request is not valid."))
    return pages.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if request.path.startswith(API):
        return answer(ApiProblem(403, "forbidden", "This is not allowed."))
    return pages.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if request.path.startswith(API):
        return answer(ApiProblem(404, "not_found", "There is nothing at this address. See /api/reference/."))
    return pages.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database is away. Django calls this while it handles the exception."""
    error = sys.exc_info()[1]
    problem = (problem_of(error) if error else None) or BROKEN
    if request.path.startswith(API):
        return answer(problem)
    return pages.unavailable(request) if problem.status == 503 else pages.server_error(request)
