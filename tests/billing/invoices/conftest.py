"""A meter that tests set by the hour."""

from collections import Counter
from datetime import datetime

import pytest

from billing.invoices import drafting


class Meter:
    """What was used at which hour, of one tenant."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, datetime, int]] = []

    def use(self, tenant_id: int, meter: str, at: datetime, quantity: int) -> None:
        self.rows.append((tenant_id, meter, at, quantity))

    def billed(self, tenant_id: int, first: datetime, last: datetime) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for tenant, meter, at, quantity in self.rows:
            if tenant == tenant_id and first <= at < last:
                sums[meter] += quantity
        return dict(sums)


@pytest.fixture
def meter(monkeypatch) -> Meter:
    made = Meter()
    monkeypatch.setattr(drafting, "billed_usage", made.billed)
    return made
