"""How a tenant stands with its payments, as pages show it."""

from dataclasses import dataclass
from datetime import datetime

from billing.payments.dunning import NEXT, NOTICE, Standing
from billing.payments.metering import RUNNING
from billing.payments.models import MeterSubmission, PaymentAccount
from billing.plans.rating import money
from tracker.tenants import scope


@dataclass(frozen=True)
class Shown:
    """What the page says."""

    account: PaymentAccount | None
    subscribed: bool
    last_told_at: datetime | None
    waiting: int
    owed: str
    next_standing: str
    next_at: datetime | None


def standing_of(tenant_id: int) -> Shown:
    """Of one tenant, in three short queries."""
    with scope.scope(tenant_id=tenant_id):
        account = PaymentAccount.objects.for_tenant(tenant_id).first()
        if account is None:
            return Shown(None, False, None, 0, "", "", None)
        told = MeterSubmission.objects.for_tenant(tenant_id)
        last = told.exclude(sent_at=None).order_by("-sent_at").values_list("sent_at", flat=True).first()
        waiting = told.filter(state=MeterSubmission.State.WAITING).count()
    following = NEXT.get(Standing(account.standing)) if account.owing_since else None
    return Shown(
        account,
        account.subscription_status in RUNNING,
        last,
        waiting,
        money(account.owing_minor, account.owing_currency) if account.owing_since else "",
        following.value if following else "",
        account.told_at + NOTICE if following and account.told_at else None,
    )
