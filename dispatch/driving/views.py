"""The driver's page: signing in, the shell that works without a network, and its service worker."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from dispatch.driving import shell
from dispatch.driving.cookies import put_cookie
from dispatch.driving.errors import LinkOver
from dispatch.driving.sessions import link_behind, sign_in
from tracker.http.security import content_security_policy

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The shell: the same for everybody, so that the phone may keep it. What it shows it asks for."""
    answer = render(request, "dispatch/driving/page.html", {"version": shell.version()})
    answer.headers["Cache-Control"] = "no-cache"
    # scanning decodes pictures by WebAssembly where the browser cannot by itself
    policy = content_security_policy().replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    answer.headers["Content-Security-Policy"] = policy
    return answer


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the list of what it keeps."""
    facts = {"version": shell.version(), "files": shell.addresses()}
    head = f"const SHELL = {msgspec.json.encode(facts).decode()};\n"
    answer = HttpResponse(head + shell.worker_source(), content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@require_safe
def app_manifest(request: HttpRequest) -> HttpResponse:
    """What makes the page installable."""
    facts = {
        "name": "Milepost driver",
        "short_name": "Milepost",
        "start_url": reverse("driver"),
        "scope": reverse("driver"),
        "display": "standalone",
        "background_color": "#0e1416",
        "theme_color": "#155e86",
        "icons": [
            {
                "src": static(f"img/driver-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in (192, 512)
            for purpose in ("any", "maskable")
        ],
    }
    return HttpResponse(msgspec.json.encode(facts), content_type="application/manifest+json")


@csrf_exempt  # the token in the address is all that is needed, and no cookie is used
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """What a link opens: one question. It is used by the button, for messengers open links to preview them."""
    now = timezone.now()
    if request.method == "POST":
        try:
            _, secret = sign_in(token, phone=request.headers.get("User-Agent", ""), now=now)
        except LinkOver as over:
            return _sign_in_page(request, None, str(over))
        answer = redirect("driver")
        put_cookie(answer, secret)
        return _private(answer)
    link = link_behind(token, now=now)
    return _sign_in_page(request, link.driver.name if link else None)


def _sign_in_page(request: HttpRequest, name: str | None, problem: str = "") -> HttpResponse:
    facts = {"name": name, "problem": problem}
    return _private(render(request, "dispatch/driving/sign_in.html", facts, status=200 if name else 404))


def _private(answer: HttpResponse) -> HttpResponse:
    for key, value in PRIVATE.items():
        answer.headers[key] = value
    return answer
