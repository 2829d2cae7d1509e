"""What an app above the tracker adds to the staff's search: the number of an invoice."""

from datetime import date

import pytest
from django.apps import apps
from django.utils import timezone

from tracker.staff.search import search
from tracker.tenants import scope


def test_an_invoice_is_found_by_its_number(customer):
    model = apps.get_model("billing", "Invoice")
    with scope.scope(unscoped="a test makes an invoice"):
        model._base_manager.create(
            tenant=customer.tenant, tenant_name="ours", number="2026-000042", month=date(2026, 5, 1), currency="EUR",
            subtotal_minor=1, credits_minor=0, total_minor=1, lines=[], status="open",
            finalised_at=timezone.now(),
        )  # fmt: skip
        (hit,) = [hit for hit in search("2026-000042") if hit.kind == "Invoice"]
    assert str(customer.tenant.pk) in hit.address


@pytest.mark.parametrize("words", ["2026-000042", "INV", "%"])
def test_numbers_nobody_has_find_nothing(customer, words):
    with scope.scope(unscoped="a test looks"):
        assert [hit for hit in search(words) if hit.kind == "Invoice"] == []
