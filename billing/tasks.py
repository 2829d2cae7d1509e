"""The ticks of billing that Celery's beat sends: each idempotent, each one call of a service."""

import logging

from celery import shared_task
from django.utils import timezone

from billing.meters import services as meters

logger = logging.getLogger(__name__)


@shared_task(name="billing.pull_usage")  # type: ignore[untyped-decorator]  # celery publishes no types
def pull_usage() -> None:
    """Usage of the running hour, and of hours that something changed since."""
    pulled = meters.pull(timezone.now())
    if pulled is not None and pulled.late:
        logger.info("usage of past hours changed", extra={"environments": pulled.late})
