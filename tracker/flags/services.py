"""Switches features."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tracker.flags.catalogue import FEATURES
from tracker.flags.models import FeatureFlag, FlagTenant
from tracker.tenants import scope
from tracker.tenants.models import Tenant

WHY = "staff say for which organisations a feature is on"


def switch(code: str, state: str, *, listed: Iterable[Tenant] = (), now: datetime) -> FeatureFlag:
    """Say for whom a feature is on. The list is kept whatever the state. Raises KeyError for an unknown feature."""
    feature = FEATURES[code]
    with transaction.atomic(), scope.scope(unscoped=WHY):
        flag, _ = FeatureFlag.objects.update_or_create(
            code=feature.code, defaults={"state": FeatureFlag.State(state), "changed_at": now}
        )
        rows = FlagTenant.objects.unscoped(WHY).filter(flag=flag)
        wanted = {tenant.pk for tenant in listed}
        rows.exclude(tenant__in=wanted).delete()
        for number in sorted(wanted - set(rows.values_list("tenant_id", flat=True))):
            FlagTenant.objects.create(tenant_id=number, flag=flag)
    return flag
