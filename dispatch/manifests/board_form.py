"""The form that moves a stop without a script: which drivers, which places, what it costs, why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.manifests import overrides
from dispatch.manifests.board import Day
from dispatch.manifests.conflicts import ChangedMeanwhile
from dispatch.manifests.desk import Desk, desk_of
from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.moves import Move
from dispatch.manifests.override_record import Weighing
from dispatch.planning.errors import PlanningRefusal
from dispatch.planning.words import Names
from dispatch.shipments.authors import of_member
from tracker.tenants.models import User

NOBODY = "nobody"
TERMS = {
    "distance": "Distance", "duration": "Time", "fixed": "Vehicles", "overtime": "Overtime", "late": "Late",
    "early": "Early", "unserved": "Left out", "change": "Change of plan", "fairness": "Fairness",
}  # fmt: skip


@dataclass
class Places:
    """A stop that may be moved, and what was chosen for it so far."""

    day: Day
    desk: Desk
    shipment: str
    sent: Mapping[str, Any]
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(self.desk.assembled)

    @property
    def holder(self) -> str | None:
        """The driver who has it."""
        found = self.desk.stop_of(self.shipment)
        return found[0] if found else None


def places_for(day: Day, shipment: str, sent: Mapping[str, Any]) -> Places | None:
    """The day as the form needs it; None where nothing of that id can be moved."""
    try:
        desk = desk_of(day.environment.pk, day.hub, service_date=day.date, now=day.now)
    except PlanningRefusal:
        return None
    movable = {stop for stops in desk.orders.values() for stop in stops} | set(desk.tray)
    return Places(day, desk, shipment, sent) if shipment in movable else None


class MoveForm:
    """Chosen driver and place, weighed; applied once a reason is given."""

    def __init__(self, places: Places) -> None:
        self.places, self.sent = places, places.sent
        self.error = ""
        self.changes: list[str] = []
        self.weighing: Weighing | None = None
        self.to = str(self.sent.get("to") or places.holder or "")
        self.before = str(self.sent.get("before") or "")
        if self.before and self.before not in self._order():
            self.before = ""  # of the driver chosen before this one
        if self.sent.get("to"):
            self._weigh()

    @property
    def changed(self) -> bool:
        """Whether somebody was quicker."""
        return bool(self.changes)

    @property
    def name(self) -> str:
        return self.places.names.parcel(self.places.shipment)

    @property
    def shipment(self) -> str:
        return self.places.shipment

    @property
    def holder_name(self) -> str:
        return self.places.names.driver(self.places.holder) if self.places.holder else "nobody"

    @property
    def drivers(self) -> list[tuple[str, str]]:
        """Ids and names of who may get it."""
        found = [
            (driver, f"{self.places.names.driver(driver)} ({len(stops)} open)")
            for driver, stops in self.places.desk.orders.items()
        ]
        return found + ([(NOBODY, "Nobody: off the plan")] if self.places.holder else [])

    @property
    def stops(self) -> list[tuple[str, str]]:
        """The open stops of the chosen driver."""
        return [(stop, self.places.names.parcel(stop)) for stop in self._order()]

    @property
    def expected(self) -> list[tuple[str, int]]:
        """What was looked at, to be sent with the move."""
        drivers = [driver for driver in (self.places.holder, self.to) if driver in self.places.desk.orders]
        desk = self.places.desk
        return [(desk.key(driver), desk.revision(driver)) for driver in dict.fromkeys(drivers)]

    @property
    def terms(self) -> list[tuple[str, float, float, float]]:
        """Name, before, after and change of each term that is not nought."""
        if self.weighing is None:
            return []
        before, after = self.weighing.before, self.weighing.after
        rows = [(text, before.get(name, 0.0), after.get(name, 0.0)) for name, text in TERMS.items()]
        rows.append(("All", sum(before.values()), sum(after.values())))
        return [(text, was, now, now - was) for text, was, now in rows if was or now]

    def apply(self, user: User, *, now: datetime) -> bool:
        """Make the move if it was asked for; False where it was only weighed, or refused."""
        if "apply" not in self.sent:
            return False
        looked = [str(one).rpartition("=") for one in self.sent.getlist("expected")]  # type: ignore[attr-defined]  # a QueryDict where a form was sent
        try:
            overrides.apply(
                self.places.day.environment.pk, self.places.day.hub, self.places.day.date, [self._move()],
                expected={key: int(number) for key, _, number in looked if number.isascii() and number.isdigit()},
                reason_code=str(self.sent.get("reason_code", "")), reason=str(self.sent.get("reason", "")),
                author=of_member(user), now=now,
            )  # fmt: skip
        except ChangedMeanwhile as error:
            self.error, self.changes = str(error), [change.says for change in error.changes]
            return False
        except (ManifestRefusal, PlanningRefusal) as error:
            self.error = str(error)
            return False
        return True

    def _order(self) -> tuple[str, ...]:
        stops = self.places.desk.orders.get(self.to, ())
        return tuple(stop for stop in stops if stop != self.places.shipment)

    def _move(self) -> Move:
        to = None if self.to == NOBODY else self.to
        return Move(self.places.shipment, to, self.before or None)

    def _weigh(self) -> None:
        day = self.places.day
        try:
            self.weighing = overrides.preview(
                day.environment.pk, day.hub, day.date, [self._move()], now=day.now
            )
        except (ManifestRefusal, PlanningRefusal) as error:
            self.error = str(error)
