"""Sends what is due: claims rows for a while, tells them through their channel, writes down what came of each.

A row is claimed by moving its due time past the lease and counting the try, in a transaction of its own; nothing is
locked while somebody else's server is spoken to. What came of a message is written down before the next one is told,
and the claim on those that wait is renewed meanwhile, however slow the other side is. A crash between telling and
writing down means that the row is due again after the lease and is told once more, under the same id: at least once to
the provider, once in our books; a crash costs a repeat of the one message under way (sixteen of a gateway's).
"""

import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from dispatch.notifications.addresses import masked
from dispatch.notifications.catalogue import TEMPLATES, overtaken
from dispatch.notifications.channels.chosen import channel_for
from dispatch.notifications.channels.port import Message, Result
from dispatch.notifications.models import Notification
from dispatch.notifications.retries import LEASE, MOST_TRIES, next_try
from dispatch.notifications.wording import customers_text, team_item, team_text
from dispatch.planning.models import DispatchSettings
from dispatch.shipments.models import ShipmentState
from tracker.tenants import scope
from tracker.tenants.models import Environment

WHY = "messages of every customer are sent by one tick"
AT_ONCE = 100
MOST = 2_000  # a tick: the next one goes on
State = Notification.State
logger = logging.getLogger(__name__)

# whole days of one customer's messages must not stand before another's one: those waiting longest come first
CLAIM = """
    WITH due AS (
        SELECT id FROM dispatch_notification
        WHERE state = 'pending' AND channel = ANY(%(channels)s) AND due_at <= %(now)s
        ORDER BY due_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE dispatch_notification n SET due_at = %(until)s, tries = n.tries + 1
    FROM due WHERE n.id = due.id RETURNING n.id"""

HOLD = """
    UPDATE dispatch_notification n SET due_at = %(until)s
    FROM unnest(%(ids)s::bigint[], %(tries)s::int[]) AS ours(id, tries)
    WHERE n.id = ours.id AND n.tries = ours.tries AND n.state = 'pending'"""


@dataclass(frozen=True)
class Told:
    """What a tick came to."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0  # overtaken, or too old to be of use


@dataclass(frozen=True)
class Parcel:
    """A message, and the rows it stands for: several where one mail tells a member of several things."""

    message: Message
    rows: tuple[Notification, ...]


def send_due(
    channels: Sequence[str], *, now: datetime, elapsed: Callable[[], float] = time.monotonic
) -> Told:
    """Send what is due by these channels; two at once take different rows. `elapsed` counts seconds."""
    sent = failed = dropped = looked = 0
    begun = elapsed()

    def moment() -> datetime:
        return now + timedelta(seconds=elapsed() - begun)

    while looked < MOST:
        rows = _claim(channels, moment())
        waiting = {row.pk: row.tries for row in rows}
        looked += len(rows)
        if not rows:
            break
        for environment, channel, held in _by_environment(rows):
            with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
                parcels, moot = _parcels(environment, held, now=moment())
                for row, why in moot:
                    _drop(row, why)
                    del waiting[row.pk]
            results = channel_for(channel, environment).send([parcel.message for parcel in parcels])
            succeeded = _settle_each(environment, parcels, results, waiting, moment)
            dropped += len(moot)
            sent += succeeded
            failed += len(parcels) - succeeded
    return Told(sent, failed, dropped)


def _settle_each(
    environment: Environment,
    parcels: Sequence[Parcel],
    results: Iterable[Result],
    waiting: dict[int, int],
    moment: Callable[[], datetime],
) -> int:
    """Write each down as it comes, and go on holding those that wait (id → tries); how many were sent."""
    sent, renewed = 0, moment()
    for parcel, result in zip(parcels, results, strict=True):
        sent += result.ok
        with scope.scope(environment_id=environment.pk):
            _settle(parcel, result, now=moment())
        for row in parcel.rows:
            del waiting[row.pk]
        if moment() - renewed > LEASE / 5:
            renewed = moment()
            _hold(waiting, renewed)
    return sent


def _hold(waiting: dict[int, int], now: datetime) -> None:
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        ours = {"ids": list(waiting), "tries": list(waiting.values())}
        cursor.execute(HOLD, ours | {"until": now + LEASE})


def _claim(channels: Sequence[str], now: datetime) -> list[Notification]:
    facts: dict[str, Any] = {
        "channels": list(channels), "now": now, "until": now + LEASE, "limit": AT_ONCE,
    }  # fmt: skip
    with scope.scope(unscoped=WHY):
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, facts)
            ids = [row[0] for row in cursor.fetchall()]
        rows = Notification.objects.unscoped(WHY).filter(pk__in=ids)
        return list(rows.select_related("environment__tenant", "shipment").order_by("pk"))


def _by_environment(
    rows: Sequence[Notification],
) -> list[tuple[Environment, str, list[Notification]]]:
    groups: dict[tuple[int, str], list[Notification]] = defaultdict(list)
    for row in rows:
        groups[row.environment_id, row.channel].append(row)
    return [(held[0].environment, channel, held) for (_, channel), held in groups.items()]


def _parcels(
    environment: Environment, rows: Sequence[Notification], *, now: datetime
) -> tuple[list[Parcel], list[tuple[Notification, str]]]:
    """Messages in words, and the rows that are not to be told any more, each with why."""
    states = ShipmentState.objects.for_environment(environment).select_related("hub", "shipment")
    known = states.in_bulk([row.shipment_id for row in rows if row.shipment_id is not None])
    settings = DispatchSettings.objects.for_environment(environment).first()
    brand = (settings.brand if settings else "") or environment.tenant.name
    moot: list[tuple[Notification, str]] = []
    words: list[tuple[list[Notification], Callable[[], Parcel]]] = []
    team: dict[str, list[Notification]] = defaultdict(list)
    for row in rows:
        template = TEMPLATES[row.template]
        state = known.get(row.shipment_id or 0)
        if now - row.created_at > template.good_for:
            moot.append((row, "It could not be sent while it was of use."))
        elif template.to_team:
            team[row.address].append(row)
        elif state is None or overtaken(row.template, state.state):
            moot.append((row, "It was overtaken before it was sent."))
        elif row.tries > MOST_TRIES:
            moot.append((row, "Every try to send it ended the program that tried."))
        else:
            words.append(([row], partial(_customers_parcel, row, state, brand, now)))
    words += [(held, partial(_team_parcel, environment, held, known)) for held in team.values()]
    parcels = []
    for held, say in words:
        try:
            parcels.append(say())
        except Exception:  # a mistake of ours in one message must hold up no other
            logger.exception("a message could not be put into words", extra={"template": held[0].template})
            moot += [(row, "It could not be put into words.") for row in held]
    return parcels, moot


def _customers_parcel(row: Notification, state: ShipmentState, brand: str, now: datetime) -> Parcel:
    text = customers_text(row, state, brand, now=now)
    message = Message(
        row.public_id, row.address, text.subject, text.short, text.body, row.language, row.template
    )
    return Parcel(message, (row,))


def _team_parcel(
    environment: Environment, rows: list[Notification], known: dict[int, ShipmentState]
) -> Parcel:
    items = []
    for row in rows:
        state = known.get(row.shipment_id or 0)
        zone = ZoneInfo(state.hub.timezone if state and state.hub else "UTC")
        items.append(team_item(row, zone))
    text = team_text(items, environment)
    first = rows[0]
    message = Message(first.public_id, first.address, text.subject, text.short, text.body, "en", "team")
    return Parcel(message, tuple(rows))


def _settle(parcel: Parcel, result: Result, *, now: datetime) -> None:
    for row in parcel.rows:
        rows = Notification.objects.for_environment(row.environment_id).filter(pk=row.pk)
        if result.ok:  # sent is sent, whatever was decided of it meanwhile
            rows.exclude(state=State.SENT).update(state=State.SENT, sent_at=now, due_at=None, problem="")
            continue
        again = None
        if not result.final:
            again = next_try(row.tries, now=now, random=random.random())  # noqa: S311  spreads load, hides nothing
        # only for who still holds it: whoever took it over since has a result of their own
        mine = rows.filter(state=State.PENDING, tries=row.tries)
        state = State.GIVEN_UP if again is None else State.PENDING
        mine.update(state=state, due_at=again, problem=result.problem[:300])
        _say(row, result, again)


def _drop(row: Notification, why: str) -> None:
    rows = Notification.objects.for_environment(row.environment_id)
    rows.filter(pk=row.pk, state=State.PENDING).update(state=State.WITHDRAWN, due_at=None, problem=why)


def _say(row: Notification, result: Result, again: datetime | None) -> None:
    """One line a failed try: never the text, which holds a link, and never the whole address."""
    facts = {
        "notification": row.public_id, "template": row.template, "channel": row.channel,
        "environment_id": row.environment_id, "to": masked(row.address), "try": row.tries, "reason": result.problem,
        "next_at": again,
    }  # fmt: skip
    logger.warning("a message was not sent", extra=facts)
