"""The saga of a failed delivery: attempt, wait, attempt again, wait, a supervisor, the customer. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.sagas.decisions import (
    COMPENSATED,
    AllowAttempt,
    AskForPlan,
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
    WithdrawPlan,
)
from dispatch.sagas.matters import ShipmentFacts

PATIENCE = timedelta(hours=24)  # for the next attempt, and for a person's decision
CALLED_OFF = {
    "cancelled": "it was cancelled",
    "returning": "it goes back to its sender",
    "returned": "it went back to its sender",
    "lost": "it was reported lost",
}
# while the saga stands there, the shipment waits for us: any other state was brought about by somebody else
HOLDS_IT = ("tell_failed", "allow_attempt", "escalate", "tell_customer", "await_decision")


def _attempt(standing: Standing, facts: ShipmentFacts) -> str:
    return f"attempt {facts.attempts}"


def _settled(standing: Standing, facts: ShipmentFacts, now: datetime) -> Settle | None:
    if facts.state == "delivered":
        return Settle(f"Delivered at attempt {facts.attempts + 1}.")
    if facts.state in CALLED_OFF:
        return Settle(f"Over: {CALLED_OFF[facts.state]}.", COMPENSATED)
    if standing.step in HOLDS_IT and facts.state != "failed":
        return Settle("Another attempt was arranged meanwhile.", COMPENSATED)
    return None


def _tell_failed(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    failed_at = facts.failed_at or now
    more = facts.attempts < facts.rules.most_attempts
    wait = facts.rules.first_wait if more else facts.rules.second_wait
    due_at = max(now, failed_at + wait)
    told = {"attempt": facts.attempts, "reason": facts.failed_reason, "again": more}
    return Take(
        f"Attempt {facts.attempts} failed; the customer is told.",
        "allow_attempt" if more else "escalate",
        due_at,
        (TellCustomer(facts.shipment, "failed_attempt", _attempt(standing, facts), told),),
        data={"attempt": facts.attempts, "reminded": 0},
    )


def _untell_failed(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    about = f"attempt {noted.get('attempt', facts.attempts)}"
    return Undoing(
        "What was not sent yet is not sent any more.", (Withdraw(facts.shipment, "failed_attempt", about),)
    )


def _allow(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    return Take(
        f"Attempt {facts.attempts + 1} may be planned, and a plan is asked for.",
        "await_attempt",
        now + PATIENCE,
        (AllowAttempt(facts.shipment, now), AskForPlan()),
        until=now + PATIENCE,
    )


def _disallow(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing("The plan that was asked for is not needed.", (WithdrawPlan(),))


def _await_attempt(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    if facts.state == "failed" and facts.attempts > int(standing.data.get("attempt", 0)):
        return Take(f"Attempt {facts.attempts} was made.", "tell_failed", now)
    if standing.until is None:
        return Wait(now + PATIENCE, until=now + PATIENCE)
    if now < standing.until:
        return Wait(standing.until)
    if standing.data.get("reminded"):
        return NeedsPerson("No further attempt was made for two days.")
    told = {"name": facts.name, "attempts": facts.attempts}
    return Take(
        "No further attempt was made for a day; the supervisors are told.",
        "await_attempt",
        now + PATIENCE,
        (TellTeam("team_attempt_overdue", _attempt(standing, facts), facts=told, shipment=facts.shipment),),
        until=now + PATIENCE,
        data={"reminded": 1},
    )


def _escalate(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    told = {"name": facts.name, "attempts": facts.attempts, "reason": facts.failed_reason}
    text = f"{facts.name[:100]} was not delivered at attempt {facts.attempts}."
    return Take(
        "The supervisors are told: a person decides.",
        "tell_customer",
        now,
        (
            TellTeam("team_undelivered", _attempt(standing, facts), facts=told, shipment=facts.shipment),
            RaiseAlert(facts.device_id, "undelivered", facts.shipment, text),
        ),
    )


def _de_escalate(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    about = f"attempt {standing.data.get('attempt', facts.attempts)}"
    return Undoing(
        "The alert is over.", (EndAlert("undelivered"), WithdrawFromTeam("team_undelivered", about))
    )


def _tell_customer(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    told = {"attempt": facts.attempts, "reason": facts.failed_reason}
    return Take(
        "The customer is told that a person looks into it.",
        "await_decision",
        now + PATIENCE,
        (TellCustomer(facts.shipment, "escalated", _attempt(standing, facts), told),),
        until=now + PATIENCE,
    )


def _untell_customer(standing: Standing, facts: ShipmentFacts, noted: Mapping[str, Any]) -> Undoing:
    about = f"attempt {standing.data.get('attempt', facts.attempts)}"
    return Undoing(
        "What was not sent yet is not sent any more.", (Withdraw(facts.shipment, "escalated", about),)
    )


def _await_decision(standing: Standing, facts: ShipmentFacts, now: datetime) -> Decision:
    if standing.until is None:
        return Wait(now + PATIENCE, until=now + PATIENCE)
    if now < standing.until:
        return Wait(standing.until)
    return NeedsPerson(
        "Nobody has decided for a day what becomes of it: deliver again, reschedule, return or cancel."
    )


FAILED_DELIVERY = Definition(
    "failed_delivery",
    "Failed delivery",
    "A delivery failed: it is tried again, then a supervisor decides, and the customer knows.",
    (
        Step("tell_failed", "Tell the customer that the attempt failed", _tell_failed, _untell_failed),
        Step("allow_attempt", "Allow the next attempt", _allow, _disallow),
        Step("await_attempt", "Wait for the next attempt", _await_attempt),
        Step("escalate", "Tell the supervisors", _escalate, _de_escalate),
        Step(
            "tell_customer", "Tell the customer that a person looks into it", _tell_customer, _untell_customer
        ),
        Step("await_decision", "Wait for a person's decision", _await_decision),
    ),
    _settled,
)
