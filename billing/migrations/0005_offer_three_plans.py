"""The plans an installation begins with, in euros and in dollars. Amounts are cents, and fractions of cents."""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import migrations

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
GB_MONTH = 1_000_000_000 * 730  # bytes times hours
FREE = {
    "fixes_accepted": (100_000, 1, ""), "active_devices": (10, 1, ""), "geofence_evaluations": (100_000, 1, ""),
    "dispatch_stops": (500, 1, ""), "shipments_tracked": (500, 1, ""), "webhooks_delivered": (10_000, 1, ""),
    "archive_bytes": (GB_MONTH, GB_MONTH, "GB-months archived"),
}  # fmt: skip


def per_unit(meter, free, price, size=1, name=""):
    return {"meter": meter, "scheme": "per_unit", "free_quantity": free, "unit_minor": Decimal(price), "unit_size": size,
            "unit_name": name}  # fmt: skip


def tiered(meter, scheme, free, *tiers):
    return {"meter": meter, "scheme": scheme, "free_quantity": free,
            "tiers": [{"up_to": up_to, "unit_minor": price} for up_to, price in tiers]}  # fmt: skip


PLANS = {
    "free": (
        "Free",
        {"reports_per_second": 50, "key_reports_per_second": 50, "registrations_per_second": 5},
        [per_unit(meter, free, "0", size, name) for meter, (free, size, name) in FREE.items()],
    ),
    "starter": (
        "Starter",
        {"reports_per_second": 2_000, "key_reports_per_second": 1_000, "registrations_per_second": 100},
        [
            tiered("fixes_accepted", "graduated", 100_000, (1_000_000, "0.02"), (10_000_000, "0.01"), (None, "0.005")),
            tiered("active_devices", "volume", 10, (100, "50"), (1_000, "40"), (None, "30")),
            per_unit("geofence_evaluations", 100_000, "0.5", 1_000, "thousand geofence evaluations"),
            per_unit("dispatch_stops", 500, "1.5"),
            per_unit("shipments_tracked", 500, "2"),
            per_unit("webhooks_delivered", 10_000, "5", 1_000, "thousand webhooks delivered"),
            per_unit("archive_bytes", GB_MONTH, "5", GB_MONTH, "GB-months archived"),
        ],
    ),
    "growth": (
        "Growth",
        {"reports_per_second": 20_000, "key_reports_per_second": 10_000, "registrations_per_second": 1_000},
        [
            {"meter": "", "scheme": "flat", "flat_minor": 19_900},
            tiered("fixes_accepted", "graduated", 2_000_000, (10_000_000, "0.01"), (100_000_000, "0.004"), (None, "0.002")),
            tiered("active_devices", "volume", 250, (1_000, "25"), (10_000, "20"), (None, "15")),
            per_unit("geofence_evaluations", 5_000_000, "0.2", 1_000, "thousand geofence evaluations"),
            per_unit("dispatch_stops", 10_000, "1"),
            per_unit("shipments_tracked", 10_000, "1.2"),
            per_unit("webhooks_delivered", 500_000, "2", 1_000, "thousand webhooks delivered"),
            per_unit("archive_bytes", 50 * GB_MONTH, "3", GB_MONTH, "GB-months archived"),
        ],
    ),
}  # fmt: skip


def offer(apps, schema_editor):
    plan, price = apps.get_model("billing", "Plan"), apps.get_model("billing", "PlanPrice")
    for currency in ("EUR", "USD"):
        for code, (name, limits, prices) in PLANS.items():
            row = plan.objects.create(
                code=code, name=name, currency=currency, effective_from=BEGIN, limits=limits
            )
            price.objects.bulk_create(price(plan=row, **values) for values in prices)


def take_back(apps, schema_editor):
    apps.get_model("billing", "Plan").objects.filter(code__in=PLANS, effective_from=BEGIN).delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_fence_money_and_make_it_final")]

    operations = [migrations.RunPython(offer, take_back)]
