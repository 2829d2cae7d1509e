"""Tells of storms: events for webhooks in the transaction of the change, and one mail to owners and admins."""

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Any

import msgspec
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from billing.storms.models import Storm
from billing.storms.wording import lines_of, sentence_of
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import record
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role
from tracker.webhooks.storm_payloads import AppLine, StormBegan, StormEnded

WHY = "owners of every customer are told of their storms"
MOST_AT_ONCE = 50
logger = logging.getLogger(__name__)


def record_begun(storm: Storm) -> None:
    """storm.began."""
    data = StormBegan(**_common(storm), received=storm.received, rate_per_second=storm.peak_per_second)
    record(storm.environment_id, Kind.STORM_BEGAN, msgspec.to_builtins(data), occurred_at=storm.recognised_at)


def record_ended(storm: Storm, now: datetime) -> None:
    """storm.ended."""
    data = StormEnded(
        **_common(storm),
        ended_at=moment_text(now),
        received=storm.received,
        coalesced=storm.coalesced,
        would_have_cost_minor=storm.would_have_cost_minor,
        currency=storm.currency or None,
        billed_minor=0,
    )
    record(storm.environment_id, Kind.STORM_ENDED, msgspec.to_builtins(data), occurred_at=now)


def tell_owners(*, now: datetime) -> int:
    """Send the mails that are due, one a storm; how many storms were told of. What cannot be sent is tried again.

    Each in a transaction that holds the storm's row, so that two ticks at once send one mail.
    """
    with scope.scope(unscoped=WHY):
        rows = Storm.objects.unscoped(WHY).filter(told_at=None).order_by("pk")
        due = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_tell(number, now) for number in due)


def _tell(number: int, now: datetime) -> bool:
    with scope.scope(unscoped=WHY):
        rows = Storm.objects.unscoped(WHY).filter(pk=number, told_at=None)
        storm = (
            rows.select_related("environment__tenant")
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if storm is None or not _send(storm):
            return False
        Storm.objects.unscoped(WHY).filter(pk=number).update(told_at=now)
        return True


def _send(storm: Storm) -> bool:
    lines = lines_of(storm)
    what = sentence_of(storm)
    facts = {
        "storm": storm,
        "what": what,
        "line": lines[0] if lines else None,
        "link": settings.BASE_URL + reverse("console_storm", args=[storm.public_id]),
    }
    members = Membership.objects.for_tenant(storm.environment.tenant_id)
    told = members.filter(role__in=[Role.OWNER, Role.ADMIN], user__is_active=True)
    addresses = sorted(set(told.values_list("user__email", flat=True)))
    text = render_to_string("billing/storms/mail.txt", facts)
    log = {"storm": storm.public_id, "environment_id": storm.environment_id}
    try:
        send_mail(
            f"A storm in {' '.join(storm.environment.name.split())}: you are billed nothing for it",
            text,
            None,
            addresses,
        )
    except (OSError, SMTPException) as error:
        logger.warning("owners could not be told of a storm", extra=log | {"reason": str(error)[:200]})
        return False
    logger.info("owners were told of a storm", extra=log)
    return True


def _common(storm: Storm) -> dict[str, Any]:
    lines = [
        AppLine(line.key, line.key_name, line.app_version, line.model, line.os, line.count)
        for line in lines_of(storm)
    ]
    return {
        "storm": storm.public_id,
        "kind": storm.kind,
        "reason": storm.reason,
        "device": storm.key if storm.kind == Storm.Kind.REPEATS else None,
        "began_at": moment_text(storm.began_at),
        "recognised_at": moment_text(storm.recognised_at),
        "lines": lines,
        "link": settings.BASE_URL.rstrip("/") + reverse("console_storm", args=[storm.public_id]),
    }
