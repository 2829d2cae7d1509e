"""The saga of a slot that is about to be missed, or was: warn, say so, tell the customer, go up the line. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.sagas.decisions import (
    COMPENSATED,
    Decision,
    Definition,
    EndAlert,
    NeedsPerson,
    RaiseAlert,
    Settle,
    Standing,
    Step,
    Take,
    TellCustomer,
    TellTeam,
    Undoing,
    Wait,
    Withdraw,
    WithdrawFromTeam,
)
from dispatch.sagas.failed_delivery import CALLED_OFF
from dispatch.sagas.matters import ShipmentFacts

LIKELY = 0.5  # a slot as likely missed as kept is about to be missed
SAFE = 0.2  # it must look much better before that is taken back, or the alert would come and go
SOON = timedelta(hours=1)  # on no route this close to the end of its slot: about to be missed
LOOK_EVERY = timedelta(minutes=5)
CUSTOMER_AFTER = timedelta(minutes=15)  # of lateness
UP_AFTER = timedelta(hours=2)
PATIENCE = timedelta(hours=24)


def is_at_risk(facts: ShipmentFacts, now: datetime) -> bool:
    """Whether the slot is about to be missed, or was; of a shipment that is still to be delivered."""
    if facts.slot_to is None or facts.is_final:
        return False
    if now > facts.slot_to:
        return True
    if facts.arrived_at is not None:
        return False
    if not facts.manifest:
        return facts.slot_to - now <= SOON
    if facts.miss_chance is not None:
        return facts.miss_chance >= LIKELY
    return facts.eta_at is not None and facts.eta_at > facts.slot_to


def is_safe(facts: ShipmentFacts, now: datetime) -> bool:
    """Whether it will be kept, by all that is known."""
    if facts.slot_to is None or now > facts.slot_to:
        return False
    if facts.arrived_at is not None:
        return True
    if not facts.manifest:
        return False
    if facts.miss_chance is not None:
        return facts.miss_chance <= SAFE
    return facts.eta_latest_at is not None and facts.eta_latest_at <= facts.slot_to


def _promised(standing: Standing) -> datetime:
    return datetime.fromisoformat(str(standing.data["slot_to"]))


def _settled(standing: Standing, facts: ShipmentFacts, now: datetime) -> Settle | None:
    promised = _promised(standing)
    if facts.state == "delivered":
        late = (facts.delivered_at or now) - promised
        if late <= timedelta():
            return Settle("Delivered in its slot after all.", COMPENSATED)
        return Settle(f"Delivered {_words(late)} late.")
    if facts.state in CALLED_OFF:
        return Settle(f"Over: {CALLED_OFF[facts.state]}.", COMPENSATED)
    if facts.state == "failed":
        return Settle("The attempt failed; the saga of the failed delivery goes on with it.")
    if facts.slot_to is None or facts.slot_to > promised:
        return Settle("Another time was promised meanwhile.", COMPENSATED)
    if standing.step == "watch" and is_safe(facts, now):
        return Settle("It will be in time after all.", COMPENSATED)
    return None


def _about(standing: Standing) -> str:
    return f"slot {standing.data['slot_to']}"


def _warn(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    promised = _promised(standing)
    if now >= promised:
        return Take("The slot was over when this was seen.", "missed", now)
    text = f"{facts.driver[:80]} is about to miss slots."
    if not facts.driver:
        text = f"{facts.name[:100]} is on no route, and its slot ends soon."
    return Take(
        "The map shows that the slot is about to be missed.",
        "watch",
        min(now + LOOK_EVERY, promised),
        (RaiseAlert(facts.device_id, "slot_at_risk", facts.manifest or facts.shipment, text),),
        until=promised,
    )


def _unwarn(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing("The alert is over.", (EndAlert("slot_at_risk"),))


def _watch(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    promised = _promised(standing)
    if now < promised:
        return Wait(min(now + LOOK_EVERY, promised))
    if (
        facts.arrived_at is not None and facts.arrived_at <= promised
    ):  # at the door: a moment for the handing over
        return Wait(now + LOOK_EVERY) if now < promised + SOON else Take("Still at the door.", "missed", now)
    return Take("The slot ended.", "missed", now)


def _missed(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    text = f"{facts.driver[:80]} missed slots." if facts.driver else f"{facts.name[:100]} missed its slot."
    told = {"name": facts.name, "slot_to": standing.data["slot_to"], "driver": facts.driver}
    return Take(
        "The slot was missed; the supervisors are told.",
        "tell_customer",
        max(now, _promised(standing) + CUSTOMER_AFTER),
        (
            EndAlert("slot_at_risk"),
            RaiseAlert(facts.device_id, "slot_missed", facts.manifest or facts.shipment, text),
            TellTeam("team_slot_missed", _about(standing), facts=told, shipment=facts.shipment),
        ),
    )


def _unmissed(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing(
        "The alert is over.",
        (EndAlert("slot_missed"), WithdrawFromTeam("team_slot_missed", _about(standing))),
    )


def _tell_customer(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    told = {
        "slot_to": standing.data["slot_to"],
        "eta_at": facts.eta_at.isoformat() if facts.eta_at and facts.eta_at > now else None,
    }
    return Take(
        "The customer is told that it comes later.",
        "await_delivery",
        max(now, _promised(standing) + UP_AFTER),
        (TellCustomer(facts.shipment, "running_late", _about(standing), told),),
        until=max(now, _promised(standing) + UP_AFTER),
    )


def _untell_customer(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    undo = Withdraw(facts.shipment, "running_late", _about(standing))
    return Undoing("What was not sent yet is not sent any more.", (undo,))


def _await_delivery(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    until = standing.until or now
    if now < until:
        return Wait(until)
    told = {"name": facts.name, "slot_to": standing.data["slot_to"], "driver": facts.driver}
    return Take(
        "Two hours late: the admins are told.",
        "await_end",
        now + PATIENCE,
        (TellTeam("team_slot_missed", f"{_about(standing)} up", "admin", told, facts.shipment),),
        until=now + PATIENCE,
    )


def _unescalate(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    undo = WithdrawFromTeam("team_slot_missed", f"{_about(standing)} up")
    return Undoing("What was not sent yet is not sent any more.", (undo,))


def _await_end(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    if standing.until is None:
        return Wait(now + PATIENCE, until=now + PATIENCE)
    if now < standing.until:
        return Wait(standing.until)
    return NeedsPerson("A day after its slot it is still not delivered, and no other time was promised.")


def _words(late: timedelta) -> str:
    minutes = max(1, int(late / timedelta(minutes=1)))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


SLOT = Definition(
    "sla",
    "Slot at risk",
    "A slot is about to be missed, or was: the map warns, supervisors, customer and admins are told by steps.",
    (
        Step("warn", "Warn on the map", _warn, _unwarn),
        Step("watch", "Watch until the slot ends", _watch),
        Step("missed", "Tell the supervisors that it was missed", _missed, _unmissed),
        Step("tell_customer", "Tell the customer that it comes later", _tell_customer, _untell_customer),
        Step("await_delivery", "Wait for the delivery, then tell the admins", _await_delivery, _unescalate),
        Step("await_end", "Wait for its end", _await_end),
    ),
    _settled,
)
