"""The ticks that Celery's beat sends: each idempotent, each one call of a service, all named in the settings."""

import logging
import socket
import time

import msgspec
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracker.alerts.expecting import ask_due
from tracker.alerts.services import forget_old_alerts
from tracker.archive.nightly import archive_due
from tracker.certificates import announcement, denials
from tracker.certificates.renewal import renew_broker
from tracker.devices import cadence, conditions
from tracker.devices.services import sweep_deleted
from tracker.geofences.dwell import tell_of_stays
from tracker.http import idempotency
from tracker.http.connections import redis_client
from tracker.ingestion import quarantine_rate
from tracker.ingestion import services as ingestion
from tracker.ingestion.reading import read_up_to
from tracker.keys.rolling import end_expired
from tracker.limits import feed
from tracker.outbox.retention import forget_relayed
from tracker.positions.services import forget_past_retention, keep_partitions
from tracker.privacy.erasing import erase_due
from tracker.privacy.making import make_due
from tracker.requestlog import booking as requestlog
from tracker.sandboxes.services import drive
from tracker.trips.ticking import progress_trips
from tracker.units.services import examine_all
from tracker.webhooks.notices import tell_owners

logger = logging.getLogger(__name__)
HEARTBEAT_LASTS_S = 15
COUNTS_AT_HOUR = 3


@shared_task(name="tracker.heartbeat")  # type: ignore[untyped-decorator]  # celery publishes no types
def heartbeat() -> None:
    """Say that a worker runs and that beat sent it this: one message proves both."""
    beat = msgspec.json.encode({"at": round(time.time(), 3)})
    client = redis_client(settings.REDIS_URL)
    for component in ("worker", "beat"):
        client.set(f"health:{component}:{socket.gethostname()}", beat, ex=HEARTBEAT_LASTS_S)


@shared_task(name="tracker.keep_partitions")  # type: ignore[untyped-decorator]
def partitions() -> None:
    """Partitions of positions for the days ahead; those past the longest retention are dropped."""
    now = timezone.now()
    kept = keep_partitions(now=now)
    forgotten = forget_past_retention(now=now)
    facts = {"made": kept.made, "dropped": kept.dropped, "positions_forgotten": forgotten}
    logger.info("partitions kept", extra=facts)


@shared_task(name="tracker.archive")  # type: ignore[untyped-decorator]
def archive() -> None:
    """Every complete day into the archive, and its devices' lines; late fixes make a day be done again.

    Hour by hour what came is looked for; once a night the rows are counted too, for judging may take some back out.
    """
    now = timezone.now()
    archive_due(now=now, exact=now.hour == COUNTS_AT_HOUR)


@shared_task(name="tracker.fold_outcomes")  # type: ignore[untyped-decorator]
def fold() -> None:
    """Old outcome counts, from seconds into minutes."""
    logger.info("outcome counts folded", extra={"rows": ingestion.fold_outcomes(now=timezone.now())})


@shared_task(name="tracker.forget_set_aside")  # type: ignore[untyped-decorator]
def forget() -> None:
    """Set-aside reports after their week, and what reached devices while they were being deleted."""
    now = timezone.now()
    forgotten = ingestion.forget_set_aside(now=now)
    logger.info("reports forgotten", extra={"set_aside": forgotten, "devices_swept": sweep_deleted(now=now)})


@shared_task(name="tracker.forget_traces")  # type: ignore[untyped-decorator]
def traces() -> None:
    """Trace ids of callers, and records a stream might have delivered again, after eight days."""
    logger.info("traces forgotten", extra={"rows": ingestion.forget_traces(now=timezone.now())})


@shared_task(name="tracker.book_requests")  # type: ignore[untyped-decorator]
def book_requests() -> None:
    """What doors and API told of their requests, for the customers' log."""
    if kept := requestlog.book():
        logger.info("requests booked", extra={"rows": kept})


@shared_task(name="tracker.forget_requests")  # type: ignore[untyped-decorator]
def forget_requests() -> None:
    """Requests after their week, and counts of them after a quarter."""
    logger.info("requests forgotten", extra={"rows": requestlog.forget(now=timezone.now())})


@shared_task(name="tracker.forget_answers")  # type: ignore[untyped-decorator]
def answers() -> None:
    """Answers kept for repeats of their requests, after a day."""
    logger.info("kept answers forgotten", extra={"rows": idempotency.forget(now=timezone.now())})


@shared_task(name="tracker.publish_feed")  # type: ignore[untyped-decorator]
def publish_feed() -> None:
    """What the doors must know, told again where it differs: Redis may have lost it, or was away at the change."""
    logger.info("the feed is out", extra={"version": feed.publish()})


@shared_task(name="tracker.end_expired_keys")  # type: ignore[untyped-decorator]
def end_expired_keys() -> None:
    """Keys whose time is over; the doors hear of them with this."""
    if ended := end_expired(now=timezone.now()):
        logger.info("keys expired", extra={"keys": ended})


@shared_task(name="tracker.examine_units")  # type: ignore[untyped-decorator]
def units() -> None:
    """Devices whose reported speeds look like another unit."""
    examined, found = examine_all(now=timezone.now())
    logger.info("units examined", extra={"devices": examined, "findings": found})


@shared_task(name="tracker.announce_certificates")  # type: ignore[untyped-decorator]
def announce_certificates() -> None:
    """Which certificates ended, by revocation or by time, told again where Redis does not say so."""
    announcement.publish(now=timezone.now())


@shared_task(name="tracker.book_denials")  # type: ignore[untyped-decorator]
def book_denials() -> None:
    """What the brokers denied, by device and day."""
    if count := denials.book():
        logger.info("denied publishes counted", extra={"count": count})


@shared_task(name="tracker.renew_broker")  # type: ignore[untyped-decorator]
def renew() -> None:
    """The broker's certificate and our authority's, long before they run out."""
    if written := renew_broker(now=timezone.now()):
        logger.info("certificates renewed", extra={"files": written})


@shared_task(name="tracker.watch_devices")  # type: ignore[untyped-decorator]
def watch_devices() -> None:
    """Devices that fell silent, came back or run low, told once each."""
    now = timezone.now()
    told = conditions.watch(now=now, read_to=read_up_to(redis_client(settings.REDIS_URL), now=now))
    if told.events:
        logger.info("conditions of devices told", extra={"events": told.events, "met": told.met})


@shared_task(name="tracker.learn_cadences")  # type: ignore[untyped-decorator]
def learn_cadences() -> None:
    """How often each device usually reports."""
    logger.info("cadences learned", extra={"devices": cadence.learn(now=timezone.now())})


@shared_task(name="tracker.trips_progress")  # type: ignore[untyped-decorator]
def trips_progress() -> None:
    """Trips whose device moved, or whose time came."""
    done = progress_trips(now=timezone.now())
    if done.told:
        logger.info("trips told", extra={"trips": done.trips, "told": done.told})


@shared_task(name="tracker.watch_quarantine")  # type: ignore[untyped-decorator]
def watch_quarantine() -> None:
    """Environments of whose reports an unusual share is quarantined."""
    if events := quarantine_rate.watch(now=timezone.now()):
        logger.warning("quarantine rates are high", extra={"environments": events})


@shared_task(name="tracker.ask_expected")  # type: ignore[untyped-decorator]
def ask_expected() -> None:
    """Where devices are expected by now: alerts on those that are not there."""
    if raised := ask_due(now=timezone.now()):
        logger.info("expected devices are absent", extra={"count": raised})


@shared_task(name="tracker.forget_alerts")  # type: ignore[untyped-decorator]
def alerts() -> None:
    """Alerts that have long been over."""
    if forgotten := forget_old_alerts(now=timezone.now()):
        logger.info("alerts forgotten", extra={"rows": forgotten})


@shared_task(name="tracker.tell_endpoint_owners")  # type: ignore[untyped-decorator]
def tell_endpoint_owners() -> None:
    """Mails about webhook endpoints that fail or were disabled."""
    tell_owners(now=timezone.now())


@shared_task(name="tracker.forget_relayed")  # type: ignore[untyped-decorator]
def forget_events() -> None:
    """Events past their thirty days, with messages and attempts."""
    logger.info("events forgotten", extra={"events": forget_relayed(now=timezone.now())})


@shared_task(name="tracker.tell_of_stays")  # type: ignore[untyped-decorator]
def stays() -> None:
    """Visits that became long enough to be told of."""
    if told := tell_of_stays(now=timezone.now()):
        logger.info("long stays told of", extra={"count": told})


@shared_task(name="tracker.make_exports")  # type: ignore[untyped-decorator]
def exports() -> None:
    """Exports that were asked for, piece by piece; those past their week are removed."""
    if ready := make_due(now=timezone.now()):
        logger.info("exports are ready", extra={"count": ready})


@shared_task(name="tracker.erase")  # type: ignore[untyped-decorator]
def erase() -> None:
    """Erasures that are due, batch by batch."""
    if done := erase_due(now=timezone.now()):
        logger.info("erasures are done", extra={"count": done})


@shared_task(name="tracker.drive_cities")  # type: ignore[untyped-decorator]
def cities() -> None:
    """The vehicles of simulated cities report where they are."""
    drive(now=timezone.now())
