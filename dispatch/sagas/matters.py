"""The facts that sagas look at, as read at one moment. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

FINAL = frozenset({"delivered", "returned", "cancelled", "lost"})
ON_A_ROUTE = frozenset({"assigned", "out_for_delivery"})


@dataclass(frozen=True)
class Rules:
    """How long an environment waits, from its settings."""

    first_wait: timedelta = timedelta(hours=2)
    second_wait: timedelta = timedelta(hours=4)
    most_attempts: int = 2
    unconfirmed_after: timedelta = timedelta(hours=6)
    silent_after: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class ShipmentFacts:
    """A shipment, and the stop it is planned at, as they are now."""

    shipment: str  # shp_...
    name: str  # what people call it: the customer's own id, or ours
    state: str
    attempts: int = 0
    failed_reason: str = ""
    failed_at: datetime | None = None  # when the last attempt failed
    out_at: datetime | None = None
    delivered_at: datetime | None = None
    slot_to: datetime | None = None  # the end of what is promised
    arrived_at: datetime | None = None
    eta_at: datetime | None = None
    eta_latest_at: datetime | None = None
    miss_chance: float | None = None
    manifest: str = ""  # mft_... it is on
    driver: str = ""  # a name
    device_id: int | None = None  # that the driver carries
    timezone: str = "UTC"
    rules: Rules = field(default_factory=Rules)

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self.state in FINAL


@dataclass(frozen=True)
class DriverFacts:
    """A driver on a route, and when their device was last heard of."""

    driver: str  # drv_...
    name: str
    phone: str
    manifest: str  # mft_...
    manifest_state: str
    device_id: int | None
    heard_at: datetime | None  # recorded time of the last position of the device they carry
    left: int = 0  # stops still to do
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class DriversCash:
    """What a driver should have been paid that day and said to have been paid, in minor units of one currency."""

    driver: str  # drv_...
    name: str
    currency: str
    expected_minor: int
    collected_minor: int

    @property
    def difference_minor(self) -> int:
        """Negative: less than expected."""
        return self.collected_minor - self.expected_minor


@dataclass(frozen=True)
class OpenShipment:
    """One that has not reached its end."""

    shipment: str
    name: str
    state: str
    driver: str = ""  # a name: who has or had it
    was_out: bool = False  # it left the hub that day, so it must come back
    in_saga: bool = False  # a failed delivery that is being looked after


@dataclass(frozen=True)
class OpenRoute:
    """A manifest of the day that is not over."""

    manifest: str
    driver: str  # a name
    left: int  # stops
    ends_at: datetime | None = None  # as planned: a night's route goes on after the day's end


@dataclass(frozen=True)
class DayFacts:
    """A hub's day: what became of every shipment of its manifests, and of those that were due."""

    hub: str  # hub_...
    name: str
    day: date
    timezone: str
    ended: dict[str, int]  # by final state
    open: tuple[OpenShipment, ...] = ()
    routes: tuple[OpenRoute, ...] = ()
    cash: tuple[DriversCash, ...] = ()
    counted: dict[str, Any] | None = None  # what a person wrote down: {"by", "at", "cash", "missing", "note"}
