"""What was used in a span of time, as the meters counted it."""

from collections.abc import Callable
from datetime import datetime

from django.utils.module_loading import import_string

from tracker.tenants import scope

SELECTOR = "billing.meters.selectors.billed_usage"


def billed_usage(tenant_id: int, first: datetime, last: datetime) -> dict[str, int]:
    """By meter, of live environments only, in [first, last)."""
    count: Callable[[int, datetime, datetime], dict[str, int]] = import_string(SELECTOR)
    with scope.scope(tenant_id=tenant_id, unscoped="use in all live environments of one tenant"):
        return count(tenant_id, first, last)
