"""The cookie by which a driver's phone is known, and what guards its use."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from dispatch.driving.models import DriverSession
from dispatch.driving.sessions import session_behind

P = ParamSpec("P")
NAME = "driver"
PATH = "/d/"
LASTS_S = 180 * 86_400
HEADER = (
    "X-Milepost-Driver"  # a form on another site cannot send it, and no answer of ours allows it to others
)


class DriverRequest(HttpRequest):
    """A request of a phone that is signed in."""

    phone: DriverSession


def put_cookie(answer: HttpResponse, secret: str) -> None:
    """Sign the phone in."""
    answer.set_cookie(
        NAME, secret, max_age=LASTS_S, path=PATH, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def drop_cookie(answer: HttpResponse) -> None:
    """Sign it out."""
    answer.delete_cookie(NAME, path=PATH, samesite="Lax")


def phone_required(
    view: Callable[Concatenate[DriverRequest, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Let only phones in that are signed in, asking by script of our own page; sets `request.phone`."""

    @csrf_exempt  # the header below does its work, and a page that was offline for a day has no fresh token
    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if HEADER not in request.headers:
            return refused(403, "not_from_the_page", f"The header {HEADER} is missing.")
        session = session_behind(request.COOKIES.get(NAME, ""), now=timezone.now())
        if session is None:
            return refused(401, "signed_out", "This phone is not signed in. Ask for a new link.")
        request.phone = session
        answer = view(request, *args, **kwargs)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return guarded


def refused(status: int, code: str, detail: str) -> JsonResponse:
    """A problem document."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")
