"""Owes messages: one row each, once a shipment, template, channel and turn. Sending them is another's work.

Rows are written in the transaction of whatever they tell of, so none is owed for what did not happen, and none is lost.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.fleet.sight import hubs_in_sight, is_in_sight
from dispatch.notifications.addresses import usable
from dispatch.notifications.catalogue import CHANNELS, TEMPLATES
from dispatch.notifications.models import Notification
from dispatch.notifications.quiet import earliest
from dispatch.planning.models import DispatchSettings
from dispatch.planning.services import settings_of
from dispatch.shipments.models import ShipmentState
from dispatch.tracking.languages import language_for
from tracker.tenants.models import Environment, Membership, Role

GATHER = timedelta(seconds=45)  # what concerns one member within it comes in one mail
KEPT = timedelta(days=180)
NO_ADDRESS = {
    "mail": "There is no e-mail address that can be written to.",
    "sms": "There is no phone number that can be written to.",
    "push": "The shipment's metadata hold no push_token.",
}
State = Notification.State


@dataclass(frozen=True)
class Wish:
    """What a customer is to be told. `about` tells turns of the same apart; `facts` is what only this moment knows."""

    shipment_id: int
    template: str
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def owe(environment_id: int, wishes: Sequence[Wish], *, now: datetime) -> int:
    """Owe these messages by every channel the environment uses; returns how many rows are new.

    One that was owed before stays as it is. Where there is no address the row says so, and nothing is sent.
    """
    if not wishes:
        return 0
    rules = settings_of(environment_id)
    states = ShipmentState.objects.for_environment(environment_id).select_related("hub")
    known = states.in_bulk({wish.shipment_id for wish in wishes})
    rows = [
        _row(wish, known[wish.shipment_id], channel, rules, now=now)
        for wish in wishes
        if wish.shipment_id in known
        for channel in CHANNELS
        if channel in rules.notify_channels
    ]
    return _keep(environment_id, rows)


def owe_team(
    environment: Environment, hub_id: int | None, template: str, about: str, role: Role,
    facts: Mapping[str, Any], *, shipment_id: int | None = None, now: datetime,
) -> int:  # fmt: skip
    """Owe a mail to the members with that role who see the hub, or to the next ones above where there are none.

    Needs a scope that names the tenant and the environment.
    """
    rows = [
        Notification(
            environment_id=environment.pk,
            shipment_id=shipment_id,
            about=f"{about} {member.public_id}"[:150],
            template=template,
            channel="mail",
            language="en",
            address=member.user.email,
            facts=dict(facts),
            due_at=now + GATHER,
            created_at=now,
        )
        for member in _members(environment, hub_id, role)
    ]
    return _keep(environment.pk, rows)


def withdraw(environment_id: int, shipment_id: int | None, template: str, about: str) -> int:
    """Take back what has not been sent; returns how many rows that were."""
    rows = Notification.objects.for_environment(environment_id).filter(
        shipment=shipment_id, template=template, about=about, state=State.PENDING
    )
    return rows.update(state=State.WITHDRAWN, due_at=None, problem="It was overtaken before it was sent.")


def withdraw_from_team(environment_id: int, template: str, about: str) -> int:
    """The same for what members were to be told."""
    rows = Notification.objects.for_environment(environment_id).filter(
        about__startswith=f"{about} mbr_", template=template, state=State.PENDING
    )
    return rows.update(state=State.WITHDRAWN, due_at=None, problem="It was overtaken before it was sent.")


def send_again(environment_id: int, notification: Notification, *, now: datetime) -> bool:
    """Try one that was given up once more; False where it is not given up any more."""
    rows = Notification.objects.for_environment(environment_id).filter(
        pk=notification.pk, state=State.GIVEN_UP
    )
    return bool(rows.update(state=State.PENDING, tries=0, due_at=now, created_at=now, problem=""))


def forget_addresses(environment_id: int, shipments: Collection[int]) -> int:
    """Blank what says who was written to, of shipments whose personal data are forgotten; nothing more is sent."""
    rows = Notification.objects.for_environment(environment_id).filter(shipment__in=shipments)
    rows.filter(state=State.PENDING).update(
        state=State.WITHDRAWN, due_at=None, problem="The recipient's data are forgotten."
    )
    return rows.exclude(template__startswith="team_").exclude(address="").update(address="", facts={})


def forget_old(*, now: datetime) -> int:
    """Messages of more than half a year ago; returns how many there were."""
    old = Notification.objects.unscoped("forgetting runs over all customers at once")
    return old.filter(created_at__lt=now - KEPT).exclude(state=State.PENDING).delete()[0]


def _keep(environment_id: int, rows: list[Notification]) -> int:
    if not rows:
        return 0
    kept = Notification.objects.for_environment(environment_id)
    before = {row.uid for row in rows}
    kept.bulk_create(rows, ignore_conflicts=True)
    return kept.filter(uid__in=before).count()


def _row(
    wish: Wish, state: ShipmentState, channel: str, rules: DispatchSettings, *, now: datetime
) -> Notification:
    given = {"mail": state.email, "sms": state.phone, "push": str(state.metadata.get("push_token") or "")}
    address = usable(channel, given[channel])
    due_at = now
    if channel != "mail" and not TEMPLATES[wish.template].rings:
        zone = ZoneInfo(state.hub.timezone if state.hub else "UTC")
        due_at = earliest(now, rules.quiet_from, rules.quiet_to, zone)
    return Notification(
        environment_id=state.environment_id,
        shipment_id=state.shipment_id,
        about=wish.about[:150],
        template=wish.template,
        channel=channel,
        language=language_for(state.language, rules.language),
        address=address,
        facts=dict(wish.facts),
        state=State.PENDING if address else State.UNWANTED,
        due_at=due_at if address else None,
        problem="" if address else NO_ADDRESS[channel],
        created_at=now,
    )


def _members(environment: Environment, hub_id: int | None, role: Role) -> list[Membership]:
    """Those of exactly that role who see the hub; where there are none, of the next role above that has some."""
    rows = Membership.objects.for_tenant(environment.tenant_id).filter(user__is_active=True)
    members = list(rows.select_related("user").order_by("pk"))
    for wanted in sorted((one for one in Role if one.rank >= role.rank), key=lambda one: one.rank):
        found = [
            member
            for member in members
            if member.role == wanted.value and is_in_sight(hubs_in_sight(member, environment), hub_id)
        ]
        if found:
            return found
    return []
