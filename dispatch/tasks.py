"""The ticks of dispatch that Celery's beat sends: each idempotent, each one call of a service, all in the settings."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from dispatch.intake.retention import forget_old as forget_old_uploads
from dispatch.metrics import services as metrics
from dispatch.notifications.arriving import owe_arriving
from dispatch.notifications.sending import send_due
from dispatch.notifications.services import forget_old
from dispatch.patterns.services import propose_due
from dispatch.sagas import engine
from dispatch.sagas.scanning import begin_due
from tracker.http.connections import redis_client
from tracker.ingestion.reading import read_up_to

logger = logging.getLogger(__name__)


@shared_task(name="dispatch.take_steps")  # type: ignore[untyped-decorator]  # celery publishes no types
def take_steps() -> None:
    """The steps of sagas that are due."""
    done = engine.tick(now=timezone.now())
    if done.taken or done.failed:
        logger.info("steps of sagas taken", extra={"steps": done.taken, "failed": done.failed})


@shared_task(name="dispatch.begin_sagas")  # type: ignore[untyped-decorator]
def begin_sagas() -> None:
    """Sagas that no event begins, and messages about parcels that arrive soon."""
    now = timezone.now()
    begun = begin_due(now=now, read_to=read_up_to(redis_client(settings.REDIS_URL), now=now))
    owed = owe_arriving(now=now)
    if begun or owed:
        logger.info("sagas begun", extra={"sagas": begun, "arriving_soon": owed})


@shared_task(name="dispatch.send_mails")  # type: ignore[untyped-decorator]
def send_mails() -> None:
    """Mails to customers and members."""
    _send("mail")


@shared_task(name="dispatch.send_texts")  # type: ignore[untyped-decorator]
def send_texts() -> None:
    """Text messages and pushes: apart, so that a gateway that does not answer holds up no mail."""
    _send("sms", "push")


@shared_task(name="dispatch.forget_messages")  # type: ignore[untyped-decorator]
def forget_messages() -> None:
    """Messages of more than half a year ago."""
    if forgotten := forget_old(now=timezone.now()):
        logger.info("messages forgotten", extra={"rows": forgotten})


@shared_task(name="dispatch.forget_uploads")  # type: ignore[untyped-decorator]
def forget_uploads() -> None:
    """Unreadable files, rows of old uploads, old answers about addresses."""
    if forgotten := forget_old_uploads(now=timezone.now()):
        logger.info("uploads forgotten", extra={"rows": forgotten})


def _send(*channels: str) -> None:
    told = send_due(channels, now=timezone.now())
    if told.sent or told.failed or told.dropped:
        facts = {"by": channels, "sent": told.sent, "failed": told.failed, "dropped": told.dropped}
        logger.info("messages sent", extra=facts)


@shared_task(name="dispatch.refresh_figures")  # type: ignore[untyped-decorator]
def refresh_figures() -> None:
    """The figures of hubs' days that something changed."""
    _tell(metrics.refresh_stale(now=timezone.now()))


@shared_task(name="dispatch.refresh_all_figures")  # type: ignore[untyped-decorator]
def refresh_all_figures() -> None:
    """The figures of all hubs at work: time alone changes them too."""
    _tell(metrics.refresh_all(now=timezone.now()))


@shared_task(name="dispatch.forget_predictions")  # type: ignore[untyped-decorator]
def forget_predictions() -> None:
    """Predictions of slots, a season after they were made."""
    if forgotten := metrics.forget_old(now=timezone.now()):
        logger.info("predictions forgotten", extra={"rows": forgotten})


@shared_task(name="dispatch.propose_patterns")  # type: ignore[untyped-decorator]
def propose_patterns() -> None:
    """What overrides teach, for the hubs whose hour of the week it is."""
    if proposed := propose_due(now=timezone.now()):
        logger.info("patterns of overrides proposed", extra={"patterns": proposed})


def _tell(done: metrics.Refreshed) -> None:
    if done.days or done.failed:
        logger.info("figures computed", extra={"days": done.days, "failed": done.failed})
