"""Reads of messages: an environment's, one of them, those a saga owed."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from dispatch.fleet.sight import SightOfHubs
from dispatch.notifications.models import Notification
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

SHOWN_OF_SAGA = 50


@dataclass(frozen=True)
class Narrowing:
    """Which messages are meant; what is empty narrows nothing. `shipment` is a public or the owner's own id."""

    state: str = ""
    template: str = ""
    channel: str = ""
    shipment: str = ""
    sight: SightOfHubs = None


def notifications_of(
    environment: Environment | int, narrowing: Narrowing | None = None
) -> QuerySet[Notification]:
    """An environment's messages; a limited member sees those about shipments of the hubs in sight."""
    wanted = narrowing or Narrowing()
    rows = Notification.objects.for_environment(environment).select_related("shipment")
    exact = {"state": wanted.state, "template": wanted.template, "channel": wanted.channel}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.shipment:
        rows = rows.filter(_about_shipment(wanted.shipment))
    if wanted.sight is None:
        return rows
    return rows.filter(shipment__state_row__hub__in=wanted.sight)


def notification_of(
    environment: Environment | int, public_id: str, sight: SightOfHubs = None
) -> Notification | None:
    """The message with that id, where it may be seen; None for any other text."""
    try:
        uid = parse_id("ntf", public_id)
    except BadIdentifier:
        return None
    return notifications_of(environment, Narrowing(sight=sight)).filter(uid=uid).first()


def messages_of_saga(environment: Environment | int, saga_id: str, subject: str) -> list[Notification]:
    """What the saga owed the team, and its customer since it began."""
    rows = notifications_of(environment)
    mine = Q(about__startswith=f"{saga_id} ")
    if subject.startswith("shp_"):
        mine |= Q(shipment__uid=parse_id("shp", subject)) & ~Q(template__startswith="team_")
    return list(rows.filter(mine).order_by("-pk")[:SHOWN_OF_SAGA])


def _about_shipment(text: str) -> Q:
    try:
        return Q(shipment__uid=parse_id("shp", text))
    except BadIdentifier:
        return Q(shipment__external_id=text)
