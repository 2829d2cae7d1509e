"""The saga of a shipment that went out and of which nothing was heard for hours. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.sagas.decisions import (
    Decision,
    Definition,
    EndAlert,
    NeedsPerson,
    RaiseAlert,
    Settle,
    Standing,
    Step,
    Take,
    TellTeam,
    Undoing,
    Wait,
    WithdrawFromTeam,
)
from dispatch.sagas.matters import ShipmentFacts

ASK_AFTER = timedelta(hours=1)  # of the alert
UP_AFTER = timedelta(hours=2)  # of asking
PATIENCE = timedelta(hours=24)


def _settled(standing: Standing, facts: ShipmentFacts, now: datetime) -> Settle | None:
    if facts.state == "out_for_delivery":
        return None
    words = {
        "delivered": "The delivery was confirmed.",
        "failed": "The attempt was reported as failed.",
        "ready": "It is back from its route.",
        "assigned": "It is on another route.",
    }
    return Settle(words.get(facts.state, f"It is {facts.state} now."))


def _alert(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    hours = facts.rules.unconfirmed_after / timedelta(hours=1)
    text = f"Shipments with {facts.driver[:80]} are out for over {hours:g} hours and not confirmed."
    return Take(
        "The map shows that it is not confirmed.",
        "ask",
        now + ASK_AFTER,
        (RaiseAlert(facts.device_id, "unconfirmed", facts.manifest or facts.shipment, text),),
    )


def _unalert(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing("The alert is over.", (EndAlert("unconfirmed"),))


def _told(facts: ShipmentFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "driver": facts.driver,
        "out_at": facts.out_at.isoformat() if facts.out_at else None,
    }


def _ask(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    return Take(
        "The supervisors are asked what became of it.",
        "escalate",
        now + UP_AFTER,
        (TellTeam("team_unconfirmed", "asked", facts=_told(facts), shipment=facts.shipment),),
    )


def _unask(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing(
        "What was not sent yet is not sent any more.", (WithdrawFromTeam("team_unconfirmed", "asked"),)
    )


def _escalate(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    return Take(
        "The admins are asked.",
        "await_word",
        now + PATIENCE,
        (TellTeam("team_unconfirmed", "up", "admin", _told(facts), facts.shipment),),
        until=now + PATIENCE,
    )


def _unescalate(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing(
        "What was not sent yet is not sent any more.", (WithdrawFromTeam("team_unconfirmed", "up"),)
    )


def _await_word(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    if standing.until is None:
        return Wait(now + PATIENCE, until=now + PATIENCE)
    if now < standing.until:
        return Wait(standing.until)
    return NeedsPerson("It went out more than a day ago and nobody has said what became of it.")


UNCONFIRMED = Definition(
    "unconfirmed",
    "Shipment unconfirmed",
    "A shipment is out for too long with neither a delivery nor a failed attempt: somebody must ask.",
    (
        Step("alert", "Warn on the map", _alert, _unalert),
        Step("ask", "Ask the supervisors", _ask, _unask),
        Step("escalate", "Ask the admins", _escalate, _unescalate),
        Step("await_word", "Wait for word of it", _await_word),
    ),
    _settled,
)
