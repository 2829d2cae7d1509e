"""Reads of what was delivered, by hour and kind of event."""

from datetime import datetime

from django.db.models import Sum

from tracker.tenants.hourly import HourCount
from tracker.webhooks.models import DeliveryCount


def deliveries_by_hour(first: datetime, last: datetime, environment_id: int | None = None) -> list[HourCount]:
    """Events delivered in [first, last), each once an endpoint, of one environment or of all."""
    if environment_id is None:
        rows = DeliveryCount.objects.unscoped("usage is pulled for every customer at once")
    else:
        rows = DeliveryCount.objects.for_environment(environment_id)
    found = rows.filter(hour__gte=first, hour__lt=last).values_list("environment_id", "hour")
    return [HourCount(*row) for row in found.annotate(total=Sum("count")).order_by()]


def deliveries_by_kind(environment_id: int, first: datetime, last: datetime) -> dict[str, int]:
    """What an environment's endpoints were told of in [first, last)."""
    rows = DeliveryCount.objects.for_environment(environment_id).filter(hour__gte=first, hour__lt=last)
    return dict(rows.values_list("kind").annotate(total=Sum("count")).order_by("kind"))
