"""What people do to sagas: let a stuck one go on, call one off, write down what they counted."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from dispatch.sagas.decisions import COMPENSATED, Settle
from dispatch.sagas.engine import settle_by_hand
from dispatch.sagas.models import Saga

LONGEST_NOTE = 300


class SagaRefusal(Exception):
    """What was asked of a saga cannot be done; the text is a sentence for whoever asked."""

    code = "saga_refused"


class NotStuck(SagaRefusal):
    code = "saga_not_stuck"


class IsOver(SagaRefusal):
    code = "saga_is_over"


class NothingToCount(SagaRefusal):
    code = "nothing_to_count"


def go_on(saga: Saga, *, now: datetime) -> Saga:
    """Try the step again that it is stuck at, or wait as long as before. Raises NotStuck; of two people one is told."""
    rows = Saga.objects.for_environment(saga.environment_id).filter(pk=saga.pk, state=Saga.State.STUCK)
    with transaction.atomic():
        held = rows.select_for_update(no_key=True).first()
        if held is None:
            raise NotStuck("It is not stuck any more: somebody else, or what happened, has let it go on.")
        held.data["until"] = None
        held.state, held.tries, held.due_at, held.problem = Saga.State.OPEN, 0, now, ""
        held.save(update_fields=["state", "tries", "due_at", "problem", "data"])
        return held


def call_off(saga: Saga, *, by: str, note: str = "", now: datetime) -> Saga:
    """Take back what still stands and end it. Raises IsOver."""
    outcome = f"Called off by {by}" + (f": {note[:LONGEST_NOTE]}" if note.strip() else ".")
    rows = Saga.objects.for_environment(saga.environment_id).select_related("environment__tenant", "hub")
    with transaction.atomic():
        held = rows.select_for_update(of=("self",), no_key=True).get(pk=saga.pk)
        if held.state not in {Saga.State.OPEN, Saga.State.STUCK}:
            raise IsOver("It is over already.")
        settle_by_hand(held, Settle(outcome[:300], COMPENSATED), now=now)
        return held


def write_count(
    saga: Saga,
    *,
    by: str,
    handed_in: Mapping[str, int],
    missing: Sequence[str],
    note: str = "",
    now: datetime,
) -> Saga:
    """Note what a person counted at the end of a day: cash in minor units by driver and currency, missing parcels.

    Raises NothingToCount where the day is not to be counted now, or was.
    """
    rows = Saga.objects.for_environment(saga.environment_id)
    with transaction.atomic():
        held = rows.select_for_update(no_key=True).get(pk=saga.pk)
        waits = held.kind == "end_of_day" and held.step == "await_count"
        if not waits or held.state not in {Saga.State.OPEN, Saga.State.STUCK} or held.data.get("counted"):
            raise NothingToCount("This day is not waiting to be counted.")
        back = {one["shipment"] for one in held.data.get("back", [])}
        known = {f"{one['driver']} {one['currency']}" for one in held.data.get("cash", [])}
        held.data["counted"] = {
            "by": by[:150],
            "at": now.isoformat(),
            "cash": {name: minor for name, minor in handed_in.items() if name in known},
            "missing": sorted(back & set(missing)),
            "note": note.replace("\x00", "")[:LONGEST_NOTE],
        }
        held.state, held.tries, held.due_at, held.problem = Saga.State.OPEN, 0, now, ""
        held.save(update_fields=["state", "tries", "due_at", "problem", "data"])
        return held
