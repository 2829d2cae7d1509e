"""The day's page of dispatch: how far the manifests are, what will be late, how the work is shared."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.metrics.figures import distance_spread, hours_spread
from dispatch.metrics.predictions import HORIZONS_S, calibration
from dispatch.metrics.selectors import HubFigures, figures_of, usual_date, whole
from tracker.http.console import ConsoleRequest, environment_required

JUDGED_OVER = timedelta(days=28)
FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)


@require_safe
@environment_required()
def day(request: ConsoleRequest) -> HttpResponse:
    """The figures of a date: `date` (today where most hubs are), of the hub `hub` and all below it, or of all."""
    now, sight = timezone.now(), hubs_in_sight(request.membership, request.environment)
    today = usual_date(request.environment, sight=sight, now=now)
    on = _date(request.GET.get("date", "")) or today
    hubs = figures_of(request.environment, on, sight=sight, now=now)
    chosen = next((one for one in hubs if one.hub.public_id == request.GET.get("hub", "")), None)
    shown = _below(hubs, chosen) if chosen else hubs
    total = chosen.total if chosen else whole(hubs)
    facts = {
        "on": on,
        "today": today,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "hubs": hubs,
        "chosen": chosen,
        "shown": shown,
        "total": total,
        "computed_at": min((one.computed_at for one in shown if one.computed_at), default=None),
        "distance": distance_spread(total),
        "hours": hours_spread(total),
        "most_m": max((one.planned_m for one in total.drivers), default=0.0),
        "judged": _judged(request, now, sight),
    }
    return render(request, "dispatch/metrics/day.html", facts)


def _judged(request: ConsoleRequest, now: datetime, sight: frozenset[int] | None) -> list[dict[str, Any]]:
    """How predictions of the last weeks turned out, for each horizon that has any."""
    found = []
    for horizon_s in HORIZONS_S:
        judged = calibration(request.environment, since=now - JUDGED_OVER, horizon_s=horizon_s, hub_ids=sight)
        if judged is not None:
            found.append({"minutes": horizon_s // 60, "judged": judged})
    return found


def _below(hubs: list[HubFigures], top: HubFigures) -> list[HubFigures]:
    """The hub and those after it that are deeper: its subtree, as the list is in the tree's order."""
    begin = hubs.index(top)
    end = next((n for n in range(begin + 1, len(hubs)) if hubs[n].depth <= top.depth), len(hubs))
    return hubs[begin:end]


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST <= found <= LAST else None
