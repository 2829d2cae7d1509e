"""Takes dunning's steps: first the mail, then the step; and back at once when the debt is paid."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from billing.payments import effects
from billing.payments.dunning import NOTICE, Standing, Step, decide
from billing.payments.models import PaymentAccount
from billing.plans.rating import money
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role

WHY = "debts of every customer are looked at"
SUBJECTS = {
    Standing.REMINDED: "A payment did not go through",
    Standing.RESTRICTED: "Your limits are lowered until your invoice is paid",
    Standing.PAUSED: "Reports are paused until your invoice is paid",
    Standing.OK: "Paid: everything is as before",
}

logger = logging.getLogger(__name__)


def collect(*, now: datetime) -> int:
    """Take the steps that are due; how many were taken."""
    with scope.scope(unscoped=WHY):
        rows = PaymentAccount.objects.unscoped(WHY)
        late = rows.exclude(owing_since=None) | rows.exclude(standing=Standing.OK)
        tenants = list(late.order_by("pk").values_list("tenant_id", flat=True))
    taken = 0
    for tenant_id in tenants:
        with scope.scope(tenant_id=tenant_id):
            account = PaymentAccount.objects.for_tenant(tenant_id).select_for_update().get()
            taken += step(account, now=now)
            # a plan that was chosen meanwhile lifts limits, and debts do not end by that
            effects.apply(account, Standing(account.standing))
    return taken


def step(account: PaymentAccount, *, now: datetime) -> bool:
    """Take this account's step if one is due. The caller holds its row in the tenant's scope.

    A step towards less without a mail that left is no step: it waits for the next tick. A crash between mail and
    commit tells twice rather than never.
    """
    standing = Standing(account.standing)
    taken = decide(standing, owes=account.owing_since is not None, told_at=account.told_at, now=now)
    if taken is None:
        return False
    sent = _tell(account, taken, was=standing)
    if not sent and taken.to is not Standing.OK:
        return False
    account.standing, account.standing_since = taken.to.value, now
    account.told_at = None if taken.to is Standing.OK else now
    PaymentAccount.objects.for_tenant(account.tenant_id).update(
        standing=account.standing, standing_since=account.standing_since, told_at=account.told_at
    )
    effects.apply(account, taken.to)
    facts = {"tenant_id": account.tenant_id, "from": standing.value, "to": taken.to.value}
    logger.warning("a customer's standing changed", extra=facts)
    return True


def _tell(account: PaymentAccount, taken: Step, *, was: Standing) -> bool:
    """The mail of a step to the tenant's owners; whether it left."""
    if taken.to is Standing.OK and was is Standing.REMINDED:
        return True  # nothing had changed for them
    owners = Membership.objects.for_tenant(account.tenant_id).filter(role=Role.OWNER, user__is_active=True)
    to = sorted(owners.values_list("user__email", flat=True))
    facts = {
        "tenant": account.tenant,
        "account": account,
        "step": taken,
        "days": NOTICE.days,
        "owed": money(account.owing_minor, account.owing_currency),
        "link": settings.BASE_URL + reverse("console_payment"),
    }
    text = render_to_string(f"billing/payments/{taken.to.value}_mail.txt", facts)
    try:
        return bool(to) and send_mail(SUBJECTS[taken.to], text, None, to) == 1
    except (OSError, SMTPException) as error:
        logger.warning(
            "a customer could not be told of a debt",
            extra={"tenant_id": account.tenant_id, "reason": str(error)[:200]},
        )
        return False
