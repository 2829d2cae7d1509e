"""The request log's page: what the API and the ingest door answered, by request id, device and outcome."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.console.paging import newest_first
from tracker.follow.ids import NotAnId, resolve
from tracker.http.console import ConsoleRequest, environment_required
from tracker.keys.models import Key
from tracker.live.sight import require_whole
from tracker.requestlog.booking import KEPT_FOR
from tracker.requestlog.models import Door, Ending
from tracker.requestlog.selectors import Narrowing, requests_of, totals

PAGE, LONGEST = 50, 200


@require_safe
@environment_required()
def log(request: ConsoleRequest) -> HttpResponse:
    """Requests of the last week, newest first."""
    require_whole(request.membership)
    names = ("request", "device", "outcome", "door")
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in names}
    environment, since, wrong, wanted_ids = request.environment, timezone.now() - KEPT_FOR, "", None
    if asked["request"]:
        try:
            wanted_ids = resolve(asked["request"], environment).requests
        except NotAnId as error:
            wrong, wanted_ids = str(error), []
    narrowing = Narrowing(wanted_ids, asked["device"], asked["outcome"], asked["door"])
    page = newest_first(requests_of(environment, narrowing, since), request.GET.get("after", ""), size=PAGE)
    counted = totals(environment, since)
    keys = Key.objects.for_environment(environment).in_bulk({row.key_id for row in page.rows})
    facts = {
        **{name: asked[name] for name in ("device", "outcome", "door")},
        "request_text": asked["request"],  # `request` is the request itself
        "page": page,
        "requests": [
            {"row": row, "ms": row.duration_us / 1000, "key": keys.get(row.key_id)} for row in page.rows
        ],
        "wrong": wrong,
        "outcomes": Ending.choices,
        "doors": Door.choices,
        "totals": [(label, counted.get(value, 0)) for value, label in Ending.choices],
        "total": sum(counted.values()),
        "narrowed": any(asked.values()),
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "switch_to": reverse("console_requests"),
    }
    return render(request, "tracker/requestlog/requests.html", facts)
