"""The usage page: how much of each meter, by day, by key, by group of devices, by feature; and the same as CSV."""

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.meters.allowance import free_of
from billing.meters.catalogue import FEATURES, METERS
from billing.meters.selectors import active_devices_by_group, usage_by_key
from billing.meters.shown import MeterMonth, Month, month_of, months_usage
from tracker.http.console import ConsoleRequest, environment_required
from tracker.ingestion.models import KeyUse
from tracker.live.sight import require_whole
from tracker.tenants.selectors import environments_of
from tracker.webhooks.usage import deliveries_by_kind

SPLITS = {"day": "By day", "key": "By key", "group": "By group of devices", "feature": "By feature"}
LONGEST_NAME = 100


@require_safe
@environment_required()
def usage(request: ConsoleRequest) -> HttpResponse:
    """A month's usage: `month` as 2026-11, `meter`, `split`, and for groups the name in metadata, `group`."""
    month, found = _asked(request)
    split = request.GET.get("split", "")
    split = split if split in SPLITS else "day"
    meter = found.get(request.GET.get("meter", "")) or found["fixes_accepted"]
    group = request.GET.get("group", "").replace("\x00", "")[:LONGEST_NAME]
    facts: dict[str, Any] = {
        "month": month,
        "meters": found.values(),
        "chosen": meter,
        "splits": SPLITS.items(),
        "split": split,
        "group": group,
        **_split(request, month, split, group, found),
    }
    return render(request, "billing/meters/usage.html", facts)


@require_safe
@environment_required()
def usage_csv(request: ConsoleRequest) -> HttpResponse:
    """A line for each environment kind, meter and day of the month; whole numbers, byte-hours for the archive."""
    month, found = _asked(request)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"usage-{month.first:%Y-%m}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    lines = csv.writer(answer)
    lines.writerow(["day", "meter", "unit", "live", "test_not_billed"])
    wanted = request.GET.get("meter", "")
    for code, one in found.items():
        if wanted in found and code != wanted:
            continue
        for day in month.days:
            quantities = (one.live.get(day, 0), one.test.get(day, 0))
            if any(quantities):
                lines.writerow([day.isoformat(), code, one.meter.billed_unit or one.meter.unit, *quantities])
    return answer


def _asked(request: ConsoleRequest) -> tuple[Month, dict[str, MeterMonth]]:
    require_whole(request.membership)  # sums speak of all devices
    now = timezone.now()
    month = month_of(request.GET.get("month", ""), today=now.date())
    tenant_id = request.environment.tenant_id
    at = min(now, month.ends)
    return month, months_usage(list(environments_of(tenant_id)), month, free_of(tenant_id, at))


def _split(
    request: ConsoleRequest, month: Month, split: str, group: str, found: dict[str, MeterMonth]
) -> dict[str, Any]:
    """What only one of the splits shows."""
    if split == "key":
        whats = [(what.value, what.label) for what in KeyUse.What]
        rows = usage_by_key(request.environment, month.begins, month.ends)
        counted = [(row.key, [f"{row.counts.get(what, 0):,}" for what, _ in whats]) for row in rows]
        return {"whats": whats, "keys": counted}
    if split == "group" and group:
        groups = active_devices_by_group(request.environment, month.first, group)
        return {"groups": [(name, f"{count:,}") for name, count in groups]}
    if split == "feature":
        kinds = deliveries_by_kind(request.environment.pk, month.begins, month.ends)
        features = [
            (name, [one for code, one in found.items() if METERS[code].feature == name]) for name in FEATURES
        ]
        return {"features": features, "kinds": [(kind, f"{count:,}") for kind, count in kinds.items()]}
    return {"plot": (found.get(request.GET.get("meter", "")) or found["fixes_accepted"]).plot}
