"""`manage.py billing_at`: billing's ticks as of a moment, to rehearse a month's end against Stripe's test clocks."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.invoices.services import close_months, due_to_close, preview
from billing.payments import metering, reconciliation
from billing.plans.rating import money
from tracker.tenants.models import Tenant

TEST_KEYS = ("sk_test_", "rk_test_")


def moment(text: str) -> datetime:
    """An ISO time that says its zone. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found


class Command(BaseCommand):
    help = (
        "Tell use, close months, book payments and compare, as of a moment. A moment to come is taken only with a "
        "test key of Stripe: months closed too early stay closed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The moment, and whether to write."""
        parser.add_argument("at", type=moment, help="as 2026-12-01T07:00Z")
        parser.add_argument(
            "--preview", action="store_true", help="say what would be closed, and write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The ticks in the order in which a month's end needs them."""
        at: datetime = options["at"]
        if options["preview"]:
            self._preview(at)
            return
        if at > timezone.now() and not settings.STRIPE_SECRET_KEY.startswith(TEST_KEYS):
            raise CommandError(
                f"{at.isoformat()} is to come: closing a month early cannot be taken back. "
                "Rehearse it where MILEPOST_STRIPE_SECRET_KEY is a test key (sk_test_…)."
            )
        told = metering.send_due(now=at)
        closed = close_months(at)
        looked = reconciliation.look_again(now=at)
        found = reconciliation.compare(now=at)
        self.stdout.write(f"hours of use told: {told.sent}, refused: {told.refused}, put off: {told.put_off}")
        self.stdout.write(f"months closed: {closed}; accounts looked at: {looked}")
        self.stdout.write(f"hours that differ: {found.hours_that_differ}, not compared: {found.failed}")

    def _preview(self, at: datetime) -> None:
        names = dict(Tenant.objects.values_list("pk", "name"))
        for month, tenant_id in due_to_close(at):
            draft = preview(tenant_id, month, at)
            total = money(draft.total_minor, draft.currency)
            self.stdout.write(f"{month:%Y-%m} {names[tenant_id]}: {total}")
