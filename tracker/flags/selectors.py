"""Whether a feature is on."""

from tracker.flags.catalogue import FEATURES
from tracker.flags.models import FeatureFlag, FlagTenant
from tracker.tenants import scope
from tracker.tenants.models import Tenant


def is_on(code: str, tenant: Tenant | int) -> bool:
    """Whether an organisation has a feature. Raises KeyError for a feature that is not in the catalogue."""
    feature = FEATURES[code]
    state = FeatureFlag.objects.filter(code=code).values_list("state", flat=True).first()
    if state is None:
        return feature.on
    if state == FeatureFlag.State.LISTED:
        number = tenant if isinstance(tenant, int) else tenant.pk
        with scope.scope(tenant_id=number):
            return FlagTenant.objects.for_tenant(number).filter(flag=code).exists()
    return bool(state == FeatureFlag.State.ALL)
