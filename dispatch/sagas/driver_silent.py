"""The saga of a driver on a route whose device is not heard of. Pure."""

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
    TellTeam,
    Undoing,
    Wait,
    WithdrawFromTeam,
)
from dispatch.sagas.matters import DriverFacts

LOOK_EVERY = timedelta(minutes=1)
TELL_AFTER = timedelta(minutes=30)  # of silence
UP_AFTER = timedelta(minutes=60)
PATIENCE = timedelta(hours=12)


def is_silent(facts: DriverFacts, now: datetime) -> bool:
    """Whether the device was not heard of for too long; exactly at the bound it is not yet."""
    return facts.heard_at is not None and now - facts.heard_at > facts.rules.silent_after


def _since(standing: Standing) -> datetime:
    return datetime.fromisoformat(str(standing.data["heard_at"]))


def _settled(standing: Standing, facts: DriverFacts, now: datetime) -> Settle | None:
    if facts.manifest_state != "in_progress":
        return Settle("The route is over.")
    if facts.heard_at is None:
        return Settle("The driver carries no device any more.", COMPENSATED)
    if facts.heard_at > _since(standing) and not is_silent(facts, now):
        minutes = max(1, int((facts.heard_at - _since(standing)) / timedelta(minutes=1)))
        return Settle(f"Heard of again after {minutes} min.")
    return None


def _told(standing: Standing, facts: DriverFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "phone": facts.phone,
        "heard_at": standing.data["heard_at"],
        "left": facts.left,
        "manifest": facts.manifest,
    }


def _about(standing: Standing) -> str:
    return f"silent since {standing.data['heard_at']}"


def _alert(standing: Standing, facts: DriverFacts, now: datetime) -> Decision:
    minutes = int(facts.rules.silent_after / timedelta(minutes=1))
    text = f"{facts.name[:100]} is on a route and not heard of for over {minutes} minutes."
    return Take(
        "The map shows that the driver is silent.",
        "tell",
        now,
        (RaiseAlert(facts.device_id, "driver_silent", facts.manifest, text),),
    )


def _unalert(standing: Standing, facts: DriverFacts, noted: Mapping[str, Any]) -> Undoing:
    return Undoing("The alert is over.", (EndAlert("driver_silent"),))


def _tell(standing: Standing, facts: DriverFacts, now: datetime) -> Decision:
    due_at = _since(standing) + TELL_AFTER
    if now < due_at:
        return Wait(min(now + LOOK_EVERY, due_at))
    told = TellTeam("team_driver_silent", _about(standing), facts=_told(standing, facts))
    return Take("The supervisors are asked to call the driver.", "escalate", now, (told,))


def _untell(standing: Standing, facts: DriverFacts, noted: Mapping[str, Any]) -> Undoing:
    undo = WithdrawFromTeam("team_driver_silent", _about(standing))
    return Undoing("What was not sent yet is not sent any more.", (undo,))


def _escalate(standing: Standing, facts: DriverFacts, now: datetime) -> Decision:
    due_at = _since(standing) + UP_AFTER
    if now < due_at:
        return Wait(min(now + LOOK_EVERY, due_at))
    told = TellTeam("team_driver_silent", f"{_about(standing)} up", "admin", _told(standing, facts))
    return Take("The admins are told.", "await_word", now, (told,), until=now + PATIENCE)


def _unescalate(standing: Standing, facts: DriverFacts, noted: Mapping[str, Any]) -> Undoing:
    undo = WithdrawFromTeam("team_driver_silent", f"{_about(standing)} up")
    return Undoing("What was not sent yet is not sent any more.", (undo,))


def _await_word(standing: Standing, facts: DriverFacts, now: datetime) -> Decision:
    if standing.until is None:
        return Wait(now + LOOK_EVERY, until=now + PATIENCE)
    if now < standing.until:
        return Wait(min(now + LOOK_EVERY, standing.until))
    return NeedsPerson("The driver is silent for half a day and the route is still under way.")


DRIVER_SILENT = Definition(
    "driver_silent",
    "Driver silent",
    "A driver is on a route and their device is not heard of: the map warns, then people are told by steps.",
    (
        Step("alert", "Warn on the map", _alert, _unalert),
        Step("tell", "Ask the supervisors to call", _tell, _untell),
        Step("escalate", "Tell the admins", _escalate, _unescalate),
        Step("await_word", "Wait for word of the driver", _await_word),
    ),
    _settled,
)
