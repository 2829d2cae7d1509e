"""Where payments read what was used: the meters' selectors, behind one name each."""

from datetime import datetime

from billing.meters import selectors
from billing.meters.catalogue import METERS
from billing.payments import in_money, tariffs
from billing.payments.folding import beyond, month_of
from billing.payments.hours import Used

# told like use, in minor units: so the provider asks for it with the month's use, as our invoice does; of a month that
# is told in money it is the whole amount
PLAN_FEE = "plan_fee"
# the provider's prices have twelve decimals: a byte for an hour costs less than that can say
SCALE = {"archive_bytes": 1_000_000}


def meters() -> dict[str, str]:
    """The meters' codes and what people call them."""
    return {code: one.name for code, one in METERS.items()} | {PLAN_FEE: "Plan fee"}


def hourly(tenant_id: int, meter: str, first: datetime, last: datetime) -> list[Used]:
    """Hours of live environments within [first, last), in order, in the units that are told."""
    if meter == PLAN_FEE:
        return tariffs.fees(tenant_id, first, last)
    free = tariffs.not_told(tenant_id, meter, last)
    hours = counted(tenant_id, meter, month_of(first) if free else first, last)
    if free:
        hours = [one for one in beyond(hours, free) if one.hour >= first]
    scale = SCALE.get(meter, 1)
    told = (Used(hour, (quantity + scale // 2) // scale, revision) for hour, quantity, revision in hours)
    return in_money.without_units(tenant_id, told)


def counted(tenant_id: int, meter: str, first: datetime, last: datetime) -> list[Used]:
    """As the meters have it."""
    return [Used(*row) for row in selectors.hourly(tenant_id, meter, first, last)]
