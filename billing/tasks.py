"""The ticks of billing that Celery's beat sends: each idempotent, each one call of a service."""

import logging
from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from billing.guard import services as guard
from billing.invoices.services import close_months as close_due_months
from billing.meters import services as meters
from billing.payments import collecting, metering, news, reconciliation
from billing.plans.services import begin_due
from billing.storms.judging import judge_storms
from billing.storms.telling import tell_owners

logger = logging.getLogger(__name__)


@shared_task(name="billing.pull_usage")  # type: ignore[untyped-decorator]  # celery publishes no types
def pull_usage() -> None:
    """Usage of the running hour, and of hours that something changed since."""
    pulled = meters.pull(timezone.now())
    if pulled is not None and pulled.late:
        logger.info("usage of past hours changed", extra={"environments": pulled.late})


@shared_task(name="billing.judge_storms")  # type: ignore[untyped-decorator]
def storms() -> None:
    """Storms begun, counted and lifted by what doors and consumers counted; their owners told."""
    now = timezone.now()
    judged = judge_storms(now=now)
    told = tell_owners(now=now)
    if judged.begun or judged.ended or told:
        facts = {"begun": len(judged.begun), "ended": len(judged.ended), "told": told}
        logger.warning("storms judged", extra=facts)


@shared_task(name="billing.tell_use")  # type: ignore[untyped-decorator]
def tell_use() -> None:
    """What was used, to the payment provider."""
    told = metering.send_due(now=timezone.now())
    if told.sent or told.refused:
        logger.info("use was told", extra=asdict(told))


@shared_task(name="billing.act_on_news")  # type: ignore[untyped-decorator]
def act_on_news() -> None:
    """What the payment provider told us."""
    news.process_due(now=timezone.now())


@shared_task(name="billing.collect")  # type: ignore[untyped-decorator]
def collect() -> None:
    """Reminders of debts, and what follows them."""
    collecting.collect(now=timezone.now())


@shared_task(name="billing.compare_use")  # type: ignore[untyped-decorator]
def compare_use() -> None:
    """What the payment provider counted, with what we did."""
    now = timezone.now()
    reconciliation.look_again(now=now)
    logger.info("use was compared", extra=asdict(reconciliation.compare(now=now)))


@shared_task(name="billing.begin_choices")  # type: ignore[untyped-decorator]
def begin_choices() -> None:
    """Plans that were chosen for later and begin now."""
    begun = begin_due(now=timezone.now())
    if begun:
        logger.info("plans begun", extra={"choices": begun})


@shared_task(name="billing.close_months")  # type: ignore[untyped-decorator]
def close_months() -> None:
    """Months that are over become invoices."""
    closed = close_due_months(timezone.now())
    if closed:
        logger.info("months closed", extra={"months": closed})


@shared_task(name="billing.watch_budgets")  # type: ignore[untyped-decorator]
def watch_budgets() -> None:
    """Alerts of budgets, caps that are reached or lifted, and their mails."""
    done = guard.watch(timezone.now())
    if done.alerts or done.caps or done.mails or done.failed:
        facts = {"alerts": done.alerts, "caps": done.caps, "mails": done.mails, "failed": done.failed}
        logger.info("budgets watched", extra=facts)
