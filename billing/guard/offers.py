"""What the guard offers to the app below, when all models are there: what plans grant, and a card on the overview."""

from datetime import datetime

from billing.guard import limits
from billing.guard.outlook import outlook
from billing.guard.views import card_facts
from tracker.console import cards
from tracker.http.console import ConsoleRequest
from tracker.limits import source
from tracker.tenants.models import Role


def offer() -> None:
    """Say what plans grant, hear of limits that staff set, and show what was spent."""
    source.ask(limits.granted)
    source.set_by_staff.connect(limits.set_by_staff, dispatch_uid="billing.guard.limits")
    cards.offer(spend)


def spend(request: ConsoleRequest, now: datetime) -> cards.Card | None:
    """Today's and the month's spend, for those who may know what is spent."""
    if not request.membership.may(Role.ADMIN):
        return None
    facts = card_facts(outlook(request.environment.tenant_id, now=now)) | {"may_set": True}
    return cards.Card("billing/guard/card.html", facts)
