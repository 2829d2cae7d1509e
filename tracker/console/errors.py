"""Error pages: what happened in plain words, a way on, and the id of the request."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _page(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the refusal's own sentence."""
    refusal = str(exception) if isinstance(exception, PermissionDenied) else ""
    return _page(request, "403.html", 403, refusal=refusal)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. What was looked for is not repeated: a rival must learn nothing from it."""
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Touches neither database nor session: either may be what broke."""
    return _page(request, "500.html", 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, while database or cache are away."""
    answer = _page(request, "503.html", 503)
    answer["Retry-After"] = "5"
    return answer


def _page(request: HttpRequest, template: str, status: int, **facts: str) -> HttpResponse:
    if hasattr(request, "environment"):
        del request.environment  # its transaction is over, and so is the scope its queries would need
    return render(request, template, facts, status=status)
