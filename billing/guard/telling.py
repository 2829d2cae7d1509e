"""Who is told that a share of a budget is spent or a cap is reached: webhooks at once, mails by the tick."""

import logging
from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException
from typing import Any

import msgspec
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from billing.guard.amounts import shown
from billing.guard.caps import Reached
from billing.guard.choices import CAPPABLE
from billing.guard.models import Budget, BudgetAlert, Cap
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.tenants.models import Environment, Membership, Role, Tenant
from tracker.webhooks import budget_payloads as payloads

logger = logging.getLogger(__name__)


def tell_threshold(alert: BudgetAlert, *, now: datetime) -> None:
    """An event in every live environment: a budget is the tenant's, an endpoint an environment's."""
    data = payloads.ThresholdReached(
        month=alert.month.strftime("%Y-%m"),
        share=alert.share,
        budget=payloads.Amount(alert.amount_minor, alert.currency),
        spent=payloads.Amount(alert.spent_minor, alert.currency),
        links=payloads.Links(_link()),
    )
    for environment_id in _live(alert.tenant_id):
        record(environment_id, Kind.BUDGET_THRESHOLD_REACHED, msgspec.to_builtins(data), occurred_at=now)


def tell_cap(reached: Reached, *, now: datetime) -> None:
    """An event in the cap's environment, or in every live one."""
    cap = reached.cap
    data = payloads.CapReached(
        month=cap.reached_month.strftime("%Y-%m") if cap.reached_month else "",
        meter=cap.meter,
        quantity=cap.quantity,
        used=reached.used,
        action=cap.action,
        keeps_one_in=cap.keeps_one_in,
        reached_at=moment_text(cap.reached_at or now),
        links=payloads.Links(_link()),
    )
    for environment_id in [cap.environment_id] if cap.environment_id else _live(cap.tenant_id):
        record(environment_id, Kind.BUDGET_CAP_REACHED, msgspec.to_builtins(data), occurred_at=now)


def send_mails(tenant: Tenant) -> int:
    """The mails that are due to this tenant; how many went out. Inside its scope and `one_at_a_time`.

    Of several shares that were crossed at once the highest is told. A crash after sending and before the commit sends
    a mail twice rather than never; one that cannot be sent stays due.
    """
    sent = 0
    due = list(
        BudgetAlert.objects.for_tenant(tenant)
        .filter(mail_due=True)
        .order_by("month", "amount_minor", "share")
    )
    highest = {(alert.month, alert.amount_minor, alert.currency): alert for alert in due}
    for budget, alert in highest.items():
        if _mail(tenant, *_of_budget(alert)):
            told = [one.pk for one in due if (one.month, one.amount_minor, one.currency) == budget]
            BudgetAlert.objects.for_tenant(tenant).filter(pk__in=told).update(mail_due=False)
            sent += 1
    for cap in Cap.objects.for_tenant(tenant).filter(mail_due=True).select_related("environment"):
        if _mail(tenant, *_of_cap(cap)):
            Cap.objects.for_tenant(tenant).filter(pk=cap.pk).update(mail_due=False)
            sent += 1
    return sent


def told_of(tenant: Tenant) -> list[str]:
    """The addresses of the budget; where it names none, the owners'."""
    budget = Budget.objects.for_tenant(tenant).first()
    if budget is not None and budget.mails:
        return list(budget.mails)
    owners = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER, user__is_active=True)
    return sorted(set(owners.values_list("user__email", flat=True)))


def _of_budget(alert: BudgetAlert) -> tuple[str, str, dict[str, Any]]:
    facts = {
        "alert": alert,
        "spent": shown(alert.spent_minor, alert.currency),
        "budget": shown(alert.amount_minor, alert.currency),
    }
    return f"{alert.share} % of the budget for {alert.month:%B %Y} is spent", "threshold_mail.txt", facts


def _of_cap(cap: Cap) -> tuple[str, str, dict[str, Any]]:
    shape = CAPPABLE[cap.meter]
    facts = {
        "cap": cap,
        "shape": shape,
        "quantity": f"{cap.quantity / shape.unit_size:,.10g} {shape.unit}",
        "effect": dict(shape.actions)[cap.action],
    }
    return f"The cap on {shape.name.lower()} is reached", "cap_mail.txt", facts


def _mail(tenant: Tenant, subject: str, template: str, facts: dict[str, Any]) -> bool:
    text = render_to_string(f"billing/guard/{template}", {"tenant": tenant, "link": _link(), **facts})
    told = told_of(tenant)
    try:
        send_mail(f"{subject}: {' '.join(tenant.name.split())}"[:200], text, None, told)
    except (OSError, SMTPException) as error:
        logger.warning("nobody could be told of a budget", extra={"reason": str(error)[:200]})
        return False
    logger.info("told of a budget", extra={"tenant": tenant.public_id, "mails": len(told)})
    return True


def _live(tenant_id: int) -> Sequence[int]:
    live = Environment.objects.for_tenant(tenant_id).filter(kind=Environment.Kind.LIVE)
    return list(live.order_by("pk").values_list("pk", flat=True))


def _link() -> str:
    return settings.BASE_URL + reverse("console_budget")
