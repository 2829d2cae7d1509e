"""Which function answers which address, and pages of lists."""

import re
from collections.abc import Callable
from typing import Any

from tests.fake_stripe.wire import Refusal, Request

ROUTES: list[tuple[str, "re.Pattern[str]", Callable[..., Any]]] = []


def route(method: str, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Answer this address; `{}` stands for an id."""
    pattern = re.compile("^" + path.replace("{}", "([^/]+)") + "$")

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        ROUTES.append((method, pattern, handler))
        return handler

    return register


def find(request: Request) -> Callable[..., Any]:
    """The function for a request; sets its ids."""
    for method, pattern, handler in ROUTES:
        match = pattern.match(request.path)
        if match and method == request.method:
            request.ids = match.groups()
            return handler
    raise Refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def listing(request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A page of a list, with cursors by id."""
    limit = request.number("limit", 10)
    if not 1 <= limit <= 100:
        raise Refusal(400, "limit must be between 1 and 100.", param="limit")
    after = request.params.get("starting_after")
    if after:
        place = next((n for n, row in enumerate(rows) if row["id"] == after), None)
        if place is None:
            raise Refusal(400, f"No such object: '{after}'", code="resource_missing", param="starting_after")
        rows = rows[place + 1 :]
    return {"object": "list", "url": request.path, "has_more": len(rows) > limit, "data": rows[:limit]}
