"""Reads of how many shipments were announced, by hour."""

from datetime import datetime

from django.db.models import Count
from django.db.models.functions import TruncHour

from dispatch.shipments.models import Shipment
from tracker.tenants.hourly import HourCount


def shipments_by_hour(first: datetime, last: datetime, environment_id: int | None = None) -> list[HourCount]:
    """Shipments announced in [first, last), each once however often it is announced, of one environment or of all."""
    if environment_id is None:
        rows = Shipment.objects.unscoped("usage is pulled for every customer at once")
    else:
        rows = Shipment.objects.for_environment(environment_id)
    hours = rows.filter(created_at__gte=first, created_at__lt=last).annotate(hour=TruncHour("created_at"))
    found = hours.values_list("environment_id", "hour").annotate(total=Count("pk"))
    return [HourCount(*row) for row in found.order_by()]
