"""Every message there is: to whom, for how long it is worth telling, and whether it may ring at night. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Template:
    """A message. `good_for` counts from when it was owed: later it would only mislead."""

    name: str
    title: str
    good_for: timedelta
    rings: bool = False  # it is about the next minutes, so a text message does not wait for the morning
    to_team: bool = False


TEMPLATES = {
    one.name: one
    for one in (
        Template("out_for_delivery", "Out for delivery", timedelta(hours=12)),
        Template("arriving_soon", "Arriving soon", timedelta(minutes=45), rings=True),
        Template("failed_attempt", "Attempt failed", timedelta(hours=24)),
        Template("rescheduled", "Rescheduled", timedelta(hours=48)),
        Template("delivered", "Delivered", timedelta(hours=48)),
        Template("escalated", "A person looks into it", timedelta(hours=48)),
        Template("running_late", "Running late", timedelta(hours=4)),
        Template("team_undelivered", "To the team: not delivered", timedelta(hours=48), to_team=True),
        Template(
            "team_attempt_overdue", "To the team: no further attempt", timedelta(hours=48), to_team=True
        ),
        Template("team_slot_missed", "To the team: slot missed", timedelta(hours=24), to_team=True),
        Template("team_unconfirmed", "To the team: unconfirmed", timedelta(hours=24), to_team=True),
        Template("team_driver_silent", "To the team: driver silent", timedelta(hours=6), to_team=True),
        Template("team_day_open", "To the team: still on the road", timedelta(hours=12), to_team=True),
        Template("team_day_count", "To the team: count cash and parcels", timedelta(hours=24), to_team=True),
    )
}
CHANNELS = ("mail", "sms", "push")
TO_CUSTOMERS = [one.name for one in TEMPLATES.values() if not one.to_team]
_FINAL = frozenset({"delivered", "returned", "cancelled", "lost"})
_STILL_TRUE_WHILE = {
    "out_for_delivery": frozenset({"out_for_delivery"}),
    "arriving_soon": frozenset({"out_for_delivery"}),
    "delivered": frozenset({"delivered"}),
}


def overtaken(template: str, state: str) -> bool:
    """Whether a message would say what is not so any more of a shipment in that state."""
    if template in _STILL_TRUE_WHILE:
        return state not in _STILL_TRUE_WHILE[template]
    return state in _FINAL
