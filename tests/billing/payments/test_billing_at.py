"""Billing's ticks as of a moment: a rehearsal with a test key, never an early close with a real one."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.invoices.models import ClosedMonth, Invoice
from tests.billing.payments.conftest import NOON
from tracker.tenants import scope

MORNING = "2026-12-01T07:00Z"


def run(at: str, *words: str) -> str:
    out = StringIO()
    call_command("billing_at", at, *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def founded(customer):
    """Before the month that is closed."""
    customer.tenant.created_at = datetime(2026, 11, 1, tzinfo=UTC)
    customer.tenant.save(update_fields=["created_at"])
    return customer


def months(customer) -> list[date]:
    with scope.scope(tenant_id=customer.tenant.pk):
        return list(ClosedMonth.objects.for_tenant(customer.tenant).values_list("month", flat=True))


def test_a_rehearsal_closes_the_month_and_compares(fake, founded, book, subscribe):
    book.use(NOON, 140)
    subscribe()
    fake.at(NOON + timedelta(days=20, hours=11))
    assert "hours of use told: 2, refused: 0" in run("2026-11-30T23:00Z")
    fake.at(datetime(2026, 12, 1, 7, tzinfo=UTC))
    said = run(MORNING)
    assert "months closed: 1" in said
    assert "hours that differ: 0, not compared: 0" in said
    assert months(founded) == [date(2026, 11, 1)]


def test_a_look_names_what_would_be_closed_and_writes_nothing(fake, founded, plan):
    assert f"2026-11 {founded.tenant.name}: 5.00 EUR" in run(MORNING, "--preview")
    assert months(founded) == []
    with scope.scope(tenant_id=founded.tenant.pk):
        assert not Invoice.objects.for_tenant(founded.tenant).exists()


@pytest.mark.parametrize("key", ["", "sk_live_something", "rk_live_something"])
def test_a_moment_to_come_is_refused_without_a_test_key(db, founded, settings, key):
    settings.STRIPE_SECRET_KEY = key
    to_come = timezone.now() + timedelta(days=40)
    with pytest.raises(CommandError, match="cannot be taken back"):
        run(to_come.isoformat())
    assert months(founded) == []


@pytest.mark.parametrize("at", ["yesterday", "2026-12-01T07:00"])
def test_a_moment_without_a_zone_or_sense_is_refused(at):
    with pytest.raises(CommandError, match="invalid moment value"):
        run(at)
