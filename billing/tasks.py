"""The ticks of billing that Celery's beat sends: each idempotent, each one call of a service."""

import logging

from celery import shared_task
from django.utils import timezone

from billing.meters import services as meters
from billing.storms.judging import judge_storms
from billing.storms.telling import tell_owners

logger = logging.getLogger(__name__)


@shared_task(name="billing.pull_usage")  # type: ignore[untyped-decorator]  # celery publishes no types
def pull_usage() -> None:
    """Usage of the running hour, and of hours that something changed since."""
    pulled = meters.pull(timezone.now())
    if pulled is not None and pulled.late:
        logger.info("usage of past hours changed", extra={"environments": pulled.late})


@shared_task(name="billing.judge_storms")  # type: ignore[untyped-decorator]  # celery publishes no types
def storms() -> None:
    """Storms begun, counted and lifted by what doors and consumers counted; their owners told."""
    now = timezone.now()
    judged = judge_storms(now=now)
    told = tell_owners(now=now)
    if judged.begun or judged.ended or told:
        facts = {"begun": len(judged.begun), "ended": len(judged.ended), "told": told}
        logger.warning("storms judged", extra=facts)
