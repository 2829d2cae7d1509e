"""The two customers of every test, and a scope in which ours may be worked on."""

from collections.abc import Iterator

import pytest

from tests.tracker.conftest import api, customer, own_counts, rival, rival_api, signed_in
from tracker.tenants import scope

__all__ = ["api", "customer", "own_counts", "rival", "rival_api", "signed_in"]


@pytest.fixture
def box(customer) -> Iterator[object]:
    """Our test environment, with the scope of its rows entered."""
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        yield customer.test
