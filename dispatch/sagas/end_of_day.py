"""The saga of a hub's day: every shipment ended or carried over, the cash and the parcels counted. Pure."""

from datetime import datetime, timedelta
from typing import Any

from dispatch.sagas.decisions import (
    CarryOver,
    CloseRoute,
    Decision,
    Definition,
    Finish,
    NeedsPerson,
    Settle,
    Standing,
    Step,
    Take,
    TellTeam,
    Undoing,
    Wait,
    WithdrawFromTeam,
)
from dispatch.sagas.matters import ON_A_ROUTE, DayFacts

CHASE = timedelta(hours=1)  # for drivers who are still out, and phones that have not told yet
LONGEST_CHASE = timedelta(hours=12)
LOOK_EVERY = timedelta(minutes=5)
AT_ONCE = 200  # shipments a step: each step is one transaction, and a route at a time is closed
PATIENCE = timedelta(hours=14)  # from ten in the evening to noon


def _many(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _never(standing: Standing, facts: DayFacts, now: datetime) -> Settle | None:
    return None


def _counts(facts: DayFacts) -> dict[str, Any]:
    by_state: dict[str, int] = {}
    for one in facts.open:
        by_state[one.state] = by_state.get(one.state, 0) + 1
    return {"ended": facts.ended, "open": by_state, "under_way": len(facts.routes)}


def _told(facts: DayFacts) -> dict[str, Any]:
    return {"hub": facts.name, "day": facts.day.isoformat(), **_counts(facts)}


def _still_out(facts: DayFacts) -> list[str]:
    return [one.shipment for one in facts.open if one.state in ON_A_ROUTE]


def _count(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    ended, left, out = sum(facts.ended.values()), len(facts.open), len(_still_out(facts))
    outcome = f"{_many(ended, 'shipment')} ended, {left} not; of these {out} on a route."
    if not out and not facts.routes:
        return Take(outcome, "carry_over", now, data={"counts": _counts(facts)})
    told = TellTeam("team_day_open", "still out", facts=_told(facts))
    return Take(
        outcome + " The supervisors are told.",
        "chase",
        now + LOOK_EVERY,
        (told,),
        until=now + CHASE,
        data={"counts": _counts(facts)},
    )


def _uncount(standing: Standing, facts: DayFacts, noted: Any) -> Undoing:
    undo = WithdrawFromTeam("team_day_open", "still out")
    return Undoing("What was not sent yet is not sent any more.", (undo,))


def _chase(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    out = _still_out(facts)
    if not out and not facts.routes:
        return Take("All routes are done.", "carry_over", now)
    until = _until(standing, facts, now)
    if now < until:
        return Wait(min(until, now + LOOK_EVERY))
    return Take(f"{_many(len(out), 'shipment')} still on a route, no longer waited for.", "carry_over", now)


def _until(standing: Standing, facts: DayFacts, now: datetime) -> datetime:
    """An hour, and an hour after the planned end of a route that goes into the night; half a day at most."""
    planned = [route.ends_at + CHASE for route in facts.routes if route.ends_at is not None]
    return min(max([standing.until or now, *planned]), standing.begun_at + LONGEST_CHASE)


def _carry_over(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    reason = f"end of the day of {facts.name}"[:200]
    if facts.routes:
        route = facts.routes[0]
        outcome = f"The route of {route.driver} is closed with {_many(route.left, 'stop')} left."
        return Take(outcome, "carry_over", now, (CloseRoute(route.manifest, reason),))
    if out := _still_out(facts)[:AT_ONCE]:
        outcome = f"{_many(len(out), 'shipment')} on no route any more can be planned again."
        return Take(outcome, "carry_over", now, (CarryOver(tuple(out), reason),))
    waiting = [one for one in facts.open if not one.in_saga]
    followed = len(facts.open) - len(waiting)
    outcome = (
        f"{len(waiting)} shipments are carried over; {followed} are looked after by a saga of their own."
    )
    return Take(outcome, "settle_up", now, data={"carried_over": len(waiting), "in_saga": followed})


def _settle_up(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    back = [one for one in facts.open if one.was_out]
    cash = [
        {"driver": c.driver, "name": c.name, "currency": c.currency, "expected_minor": c.expected_minor,
         "collected_minor": c.collected_minor}
        for c in facts.cash
    ]  # fmt: skip
    noted = {
        "cash": cash,
        "back": [{"shipment": one.shipment, "name": one.name, "driver": one.driver} for one in back],
    }
    short = [c for c in facts.cash if c.difference_minor]
    outcome = f"To be back at the hub: {_many(len(back), 'parcel')}. "
    outcome += f"Cash differs for {_many(len(short), 'driver')}." if short else "All cash is as expected."
    if not back and not cash:
        return Take("No parcel must come back, and no cash was to be collected.", "close", now, data=noted)
    told = _told(facts) | {"back": len(back), "differ": len(short)}
    return Take(
        outcome + " A person counts both.",
        "await_count",
        now + PATIENCE,
        (TellTeam("team_day_count", "count", facts=told),),
        until=now + PATIENCE,
        data=noted,
    )


def _unsettle(standing: Standing, facts: DayFacts, noted: Any) -> Undoing:
    undo = WithdrawFromTeam("team_day_count", "count")
    return Undoing("Nobody need count any more.", (undo,))


def _await_count(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    if facts.counted is not None:
        missing = facts.counted.get("missing", [])
        words = f"Counted by {facts.counted['by']}: "
        words += f"{_many(len(missing), 'parcel')} missing." if missing else "every parcel is there."
        return Take(words, "close", now)
    if standing.until is None:
        return Wait(now + PATIENCE, until=now + PATIENCE)
    if now < standing.until:
        return Wait(standing.until)
    return NeedsPerson("Nobody has counted the cash and the parcels that came back.")


def _close(standing: Standing, facts: DayFacts, now: datetime) -> Decision:
    carried, ended = standing.data.get("carried_over", 0), sum(facts.ended.values())
    return Finish(f"The day is closed: {_many(ended, 'shipment')} ended, {carried} carried over.")


END_OF_DAY = Definition(
    "end_of_day",
    "End of the day",
    "A hub's day is closed: every shipment ended or carried over, cash and parcels counted.",
    (
        Step("count", "Count what has ended and what has not", _count, _uncount),
        Step("chase", "Wait for who is still out", _chase),
        Step("carry_over", "Carry over what is left", _carry_over),
        Step("settle_up", "Reckon cash and parcels", _settle_up, _unsettle),
        Step("await_count", "Wait until a person has counted", _await_count),
        Step("close", "Close the day", _close),
    ),
    _never,
)
