"""A message in words for whoever looks at the log: as it would be sent now, its link left out."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.notifications.catalogue import TEMPLATES
from dispatch.notifications.models import Notification
from dispatch.notifications.wording import Text, customers_text, team_item
from dispatch.planning.services import settings_of
from dispatch.shipments.models import ShipmentState
from dispatch.tracking.links import url_for
from tracker.tenants.models import Environment

HIDDEN = "[the customer's link]"


def preview_of(environment: Environment, row: Notification, *, now: datetime) -> Text | None:
    """None where what it is about is not there any more. The link opens the customer's page, so it is not shown."""
    states = ShipmentState.objects.for_environment(environment).select_related("hub", "shipment")
    state = states.filter(pk=row.shipment_id).first() if row.shipment_id else None
    if row.template not in TEMPLATES:
        return None
    if TEMPLATES[row.template].to_team:
        zone = ZoneInfo(state.hub.timezone if state and state.hub else "UTC")
        item = team_item(row, zone)
        return Text(item.subject, item.text, item.text)
    if state is None:
        return None
    text = customers_text(row, state, settings_of(environment.pk).brand or environment.tenant.name, now=now)
    link = url_for(state.shipment)
    return Text(text.subject, text.short.replace(link, HIDDEN), text.body.replace(link, HIDDEN))
