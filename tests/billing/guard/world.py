"""What tests of the guard stand on: usage by the hour, a plan with a price, and the look at it all."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.apps import apps

from billing.guard import services
from billing.meters.models import UsageRecord
from billing.plans.models import Plan
from billing.plans.services import choose
from tracker.tenants import scope

NOW = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)
MONTH = NOW.date().replace(day=1)


def use(environment, quantity, *, meter="fixes_accepted", at=NOW):
    """Add to the hour's record, as a recount would find it."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    with scope.scope(environment_id=environment.pk):
        row, new = UsageRecord.objects.for_environment(environment).get_or_create(
            environment=environment,
            meter=meter,
            hour=hour,
            defaults={"quantity": quantity, "computed_at": at},
        )
        if not new:
            row.quantity += quantity
            row.save()


def plan(code):
    """One of the plans an installation begins with; they are made anew where a test emptied the database."""
    if not Plan.objects.filter(code=code).exists():
        import_module("billing.migrations.0005_offer_three_plans").offer(apps, None)
    return Plan.objects.get(code=code, currency="EUR")


def on_growth(customer, *, at=NOW - timedelta(days=60)):
    """A plan with a fee of 199 EUR and prices above two million fixes."""
    choose(customer.tenant, plan("growth"), starts_at=at, now=at)


def budget(customer, amount_minor, now=NOW, **more):
    return services.set_budget(customer.tenant, amount_minor=amount_minor, currency="EUR", now=now, **more)


def cap(customer, environment=None, *, quantity, meter="fixes_accepted", action="stop", now=NOW, **more):
    return services.set_cap(
        customer.tenant, environment, meter=meter, quantity=quantity, action=action, now=now, **more
    )
