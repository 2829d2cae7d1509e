"""What customers do on their page: leave a note, choose another time. Their word goes into the shipment's events."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.cache import cache
from redis.exceptions import RedisError

from dispatch.shipments import kinds
from dispatch.shipments.authors import CUSTOMER
from dispatch.shipments.commands import LeaveNote, Reschedule
from dispatch.shipments.services import execute
from dispatch.tracking.looking import Look
from dispatch.tracking.offers import Slot, offered

LONGEST_NOTE = 500
CHANGES_AN_HOUR = 10


class TooManyChanges(Exception):
    """Whoever has the link changed things so often that they must wait."""


class NotOffered(Exception):
    """The slot is none of those that can be chosen now."""


def offers(look: Look, *, now: datetime) -> list[Slot]:
    """The slots this customer may choose; none where they may not."""
    if not look.glance.may_move:
        return []
    hours = [(_clock(begin), _clock(end)) for begin, end in look.rules.slots_offered]
    return offered(hours, zone_of(look), now=now)


def leave_note(look: Look, text: str, *, now: datetime) -> None:
    """Keep a note for the driver, at most 500 characters. Raises TooManyChanges, and IllegalTransition."""
    _count(look, now)
    execute(
        look.opened.environment_id,
        look.seen.shipment_id,
        LeaveNote(note=text, whose=kinds.CUSTOMER),
        author=CUSTOMER,
        now=now,
    )


def choose_slot(look: Look, begin: datetime, *, now: datetime) -> None:
    """Ask for the offered slot that begins then. Raises NotOffered, TooManyChanges, and IllegalTransition."""
    slot = next((slot for slot in offers(look, now=now) if slot[0] == begin), None)
    if slot is None:
        raise NotOffered
    _count(look, now)
    execute(
        look.opened.environment_id,
        look.seen.shipment_id,
        Reschedule(slots=(slot,)),
        author=CUSTOMER,
        now=now,
    )


def zone_of(look: Look) -> ZoneInfo:
    """The delivery's time zone: that of its hub."""
    return ZoneInfo(look.seen.timezone or "UTC")


def _count(look: Look, now: datetime) -> None:
    """With Redis away nobody is refused."""
    key = f"customer-changes:{look.opened.shipment_uid.hex}:{int(now.timestamp() // 3600)}"
    try:
        cache.add(key, 0, int(timedelta(hours=2).total_seconds()))
        count = cache.incr(key)
    except (RedisError, ValueError):
        return
    if count > CHANGES_AN_HOUR:
        raise TooManyChanges


def _clock(text: str) -> time:
    return time.fromisoformat(text)
